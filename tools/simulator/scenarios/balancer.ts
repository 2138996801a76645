import type { Scenario } from './scenario.ts';

export default {
  name: 'balancer',
  about: 'a load balancer gives each request to any of three masters of Mesos 0.28, two of which know nothing',
  plan: { mesos: '0.28', masters: 3, front: { kind: 'balancer', picks: 'any' } },
  length: 480,
  steps: [
    { at: 121, do: 'leader dies' },
    { at: 240, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
