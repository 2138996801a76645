import type { Scenario } from './scenario.ts';

export default {
  name: 'balancer-leader',
  about: 'a load balancer gives all requests to the leader, which it notices a few seconds late',
  plan: { masters: 3, front: { kind: 'balancer', picks: 'leader' } },
  length: 480,
  steps: [
    { at: 70, do: 'leader dies' },
    { at: 210, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
