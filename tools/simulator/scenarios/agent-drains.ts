import type { Scenario } from './scenario.ts';

export default {
  name: 'agent-drains',
  about: 'an agent is drained for maintenance and put back; another is only deactivated',
  length: 900,
  steps: [
    { at: 120, do: 'agent drains', agent: 2, grace: 30 },
    { at: 420, do: 'agent is reactivated', agent: 2 },
    { at: 540, do: 'agent is deactivated', agent: 1 },
    { at: 720, do: 'agent is reactivated', agent: 1 },
  ],
} satisfies Scenario as Scenario;
