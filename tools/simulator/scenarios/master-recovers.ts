import type { Scenario } from './scenario.ts';

export default {
  name: 'master-recovers',
  about: 'the only master restarts, and its agents come back slowly, over four minutes; one never does',
  plan: { reregistration: 240 },
  length: 1200,
  steps: [
    { at: 120, do: 'leader dies' },
    { at: 125, do: 'agent dies', agent: 3 },
    { at: 150, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
