// What Save & test found. Grafana shows its message and folded text below the settings page, and the page itself has no
// other way to learn of it: the data source and its settings page meet here.
import { Subject } from 'rxjs';

/** One master (pkg/plugin/health_report.go). */
interface MasterReport {
  address: string;
  leading: boolean;
  error?: string;
}

/** One kind of poll, and what its last one cost, as texts. */
interface PollReport {
  page: string;
  every?: string;
  size?: string;
  took?: string;
  /** The master's part of took. */
  master?: string;
  /** Beside the costs or in their place. */
  result?: string;
  error?: string;
}

export interface Report {
  leader?: string;
  version?: string;
  cluster?: string;
  agents: number;
  frameworks: number;
  tasks: number;
  masters: MasterReport[];
  polls: PollReport[];
  history: string;
  /** With the engine remote. */
  remote?: string;
  /** Which of several Grafanas polls, with the engine remote. */
  replicas?: string;
  events: string;
  /** What this version of Mesos does not tell. */
  missing?: string;
  warnings: string[];
}

export interface Tested {
  uid: string;
  at: number;
  /** Undefined where the test ended before anything was found. */
  report?: Report;
}

/** Every Save & test of this page of Grafana. */
export const tests = new Subject<Tested>();
