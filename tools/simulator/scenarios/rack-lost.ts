import type { Scenario } from './scenario.ts';

export default {
  name: 'rack-lost',
  about: 'a whole rack loses its power, and comes back',
  length: 900,
  steps: [
    { at: 120, do: 'rack dies', rack: 2 },
    { at: 480, do: 'rack returns', rack: 2 },
  ],
} satisfies Scenario as Scenario;
