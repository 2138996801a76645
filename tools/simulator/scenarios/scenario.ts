/**
 * What a scenario is: a cluster, and what is done to it when. Each scenario is a file of its own beside this one, listed in
 * index.ts; live/steps.ts has the things that can be done.
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
  /** Seconds until all that it does, and what follows from it, is over. The cluster goes on afterwards. */
  length: number;
  /** In the order of their moments. */
  steps: Step[];
}
