import type { Scenario } from './scenario.ts';

export default {
  name: 'mesos-0.19',
  about:
    'masters of Mesos 0.19: agents do not say whether they are active, nor what is used; a leader, an agent and a scheduler are lost',
  plan: { mesos: '0.19', masters: 3, cluster: 'old' },
  length: 660,
  steps: [
    { at: 61, do: 'leader dies' },
    // Its supervisor starts it again: it follows now, before the next poll.
    { at: 72, do: 'masters start' },
    { at: 180, do: 'agent dies', agent: 2 },
    { at: 330, do: 'framework disconnects', framework: 'spark-etl' },
    { at: 420, do: 'framework comes back', framework: 'spark-etl' },
  ],
} satisfies Scenario as Scenario;
