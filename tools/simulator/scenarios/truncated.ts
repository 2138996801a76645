import type { Scenario } from './scenario.ts';

export default {
  name: 'truncated',
  about: 'answers end in their middle: first with the connection, then as if they were whole',
  length: 600,
  steps: [
    { at: 60, do: 'disturb', on: 'masters', fault: { kind: 'cut' } },
    { at: 180, do: 'disturb', on: 'masters', fault: { kind: 'truncate' } },
    { at: 300, do: 'disturb', on: 'masters', fault: null },
  ],
} satisfies Scenario as Scenario;
