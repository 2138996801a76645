import type { Scenario } from './scenario.ts';

export default {
  name: 'agent-gone',
  about: 'an agent is marked gone, and answers for minutes as if it were not; another says good-bye',
  length: 600,
  steps: [
    { at: 120, do: 'agent is marked gone', agent: 2 },
    { at: 300, do: 'agent unregisters', agent: 1 },
  ],
} satisfies Scenario as Scenario;
