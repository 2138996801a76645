import type { Scenario } from './scenario.ts';

export default {
  name: 'agent-dies',
  about: 'a machine dies: its agent is disconnected, then unreachable; its tasks are replaced elsewhere',
  length: 600,
  steps: [{ at: 120, do: 'agent dies', agent: 2 }],
} satisfies Scenario as Scenario;
