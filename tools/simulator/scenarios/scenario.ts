/**
 * A scenario: a cluster, and actions at moments. Each scenario is a file in this folder, listed in index.ts;
 * live/steps.ts has the actions.
 */
import type { Plan } from '../live/plan.ts';
import type { Step } from '../live/steps.ts';

export interface Scenario {
  /** As in `--scenario NAME` and in the file's name. */
  name: string;
  /** What it shows, in a line. */
  about: string;
  /** What differs from the usual plan (DEFAULTS of live/plan.ts). */
  plan?: Partial<Plan>;
  /** Seconds until its events and their consequences are over. The cluster runs on afterwards. */
  length: number;
  /** In the order of their moments. */
  steps: Step[];
}
