import type { Scenario } from './scenario.ts';

export default {
  name: 'quota-exhausted',
  about: 'batch jobs want six times as much as usual, and their role reaches its limit',
  length: 900,
  steps: [
    { at: 120, do: 'service wants', framework: 'batch-queue', service: 'job', times: 6 },
    { at: 600, do: 'service wants', framework: 'batch-queue', service: 'job', times: 1 },
  ],
} satisfies Scenario as Scenario;
