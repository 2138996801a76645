import type { Scenario } from './scenario.ts';

export default {
  name: 'mesos-0.22',
  about: 'masters of Mesos 0.22: /state.json, followers that answer 200 with nothing; a leader and an agent are lost',
  plan: { mesos: '0.22', masters: 3, cluster: 'old' },
  length: 480,
  steps: [
    { at: 61, do: 'leader dies' },
    // Its supervisor starts it again: it follows now, before the next poll.
    { at: 72, do: 'masters start' },
    { at: 180, do: 'agent dies', agent: 2 },
  ],
} satisfies Scenario as Scenario;
