import type { Scenario } from './scenario.ts';

export default {
  name: 'rate-limit',
  about: 'twelve other clients ask for /metrics/snapshot all the time, which takes six seconds then',
  length: 600,
  steps: [
    { at: 60, do: 'crowd', clients: 12 },
    { at: 360, do: 'crowd', clients: 0 },
  ],
} satisfies Scenario as Scenario;
