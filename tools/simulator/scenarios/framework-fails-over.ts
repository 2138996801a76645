import type { Scenario } from './scenario.ts';

export default {
  name: 'framework-fails-over',
  about: 'schedulers disconnect: one fails over, one is away for long, one is given up with all its tasks',
  length: 900,
  steps: [
    { at: 120, do: 'framework fails over', framework: 'marathon', after: 20 },
    { at: 240, do: 'framework disconnects', framework: 'spark-etl' },
    { at: 300, do: 'framework disconnects', framework: 'batch-queue' },
    { at: 480, do: 'framework comes back', framework: 'spark-etl' },
  ],
} satisfies Scenario as Scenario;
