import type { Scenario } from './scenario.ts';

export default {
  name: 'mesos-0.19',
  about:
    'masters of Mesos 0.19: agents do not say whether they are active, nor what is used; a leader and an agent are lost',
  plan: { mesos: '0.19', masters: 3, cluster: 'old' },
  length: 480,
  steps: [
    { at: 61, do: 'leader dies' },
    // Its supervisor starts it again: it follows now, before the next poll.
    { at: 72, do: 'masters start' },
    { at: 180, do: 'agent dies', agent: 2 },
  ],
} satisfies Scenario as Scenario;
