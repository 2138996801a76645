import type { Scenario } from './scenario.ts';

export default {
  name: 'leader-fails',
  about: 'the leader of three masters dies, another is elected, the dead one returns as a follower',
  plan: { masters: 3 },
  length: 600,
  steps: [
    { at: 120, do: 'leader dies' },
    { at: 300, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
