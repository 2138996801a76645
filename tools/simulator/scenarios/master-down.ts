import type { Scenario } from './scenario.ts';

export default {
  name: 'master-down',
  about: 'the only master is dead for ten minutes',
  length: 1200,
  steps: [
    { at: 120, do: 'leader dies' },
    { at: 720, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
