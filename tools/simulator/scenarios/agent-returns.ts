import type { Scenario } from './scenario.ts';

export default {
  name: 'agent-returns',
  about: 'a machine dies and comes back; another agent only restarts, and keeps its containers',
  length: 900,
  steps: [
    { at: 120, do: 'agent dies', agent: 2 },
    { at: 360, do: 'agent returns', agent: 2 },
    { at: 600, do: 'agent dies', agent: 1, machine: false },
    { at: 640, do: 'agent returns', agent: 1 },
  ],
} satisfies Scenario as Scenario;
