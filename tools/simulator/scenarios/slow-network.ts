import type { Scenario } from './scenario.ts';

export default {
  name: 'slow-network',
  about: 'answers of masters come late and slowly; agents take three seconds',
  length: 600,
  steps: [
    { at: 60, do: 'disturb', on: 'masters', fault: { kind: 'trickle', bytesPerSecond: 20_000 } },
    { at: 60, do: 'disturb', on: 'agents', fault: { kind: 'delay', ms: 3000 } },
    { at: 300, do: 'disturb', on: 'masters', fault: null },
    { at: 300, do: 'disturb', on: 'agents', fault: null },
  ],
} satisfies Scenario as Scenario;
