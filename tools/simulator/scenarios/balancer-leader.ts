import type { Scenario } from './scenario.ts';

export default {
  name: 'balancer-leader',
  about: 'a load balancer gives all requests to the leader, which it notices a few seconds late',
  plan: { masters: 3, front: { kind: 'balancer', picks: 'leader' } },
  length: 420,
  steps: [
    { at: 61, do: 'leader dies' },
    { at: 180, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
