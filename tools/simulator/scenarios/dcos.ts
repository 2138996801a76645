import type { Scenario } from './scenario.ts';

export default {
  name: 'dcos',
  about:
    'behind the router of DC/OS, with its path and a token; the router follows a change of the leader seconds later',
  plan: { masters: 3, front: { kind: 'dcos', token: 'secret' } },
  length: 600,
  steps: [
    { at: 70, do: 'leader dies' },
    { at: 180, do: 'masters start' },
    { at: 240, do: 'agent dies', agent: 2 },
  ],
} satisfies Scenario as Scenario;
