import type { Version } from '../live/versions/shapes.ts';
import type { Scenario } from './scenario.ts';

/** What is particular of the masters of each version. */
const ABOUT: Array<[Exclude<Version, '1.12'>, string]> = [
  ['0.19', 'agents do not say whether they are active, nor what is used'],
  ['0.22', '/state.json, followers that answer 200 with nothing'],
  ['0.28', 'followers that answer 200 with nothing'],
  ['1.4', '/roles has sums of offered and allocated only'],
];

export default ABOUT.map(([mesos, about]): Scenario => ({
  name: `mesos-${mesos}`,
  about: `masters of Mesos ${mesos}: ${about}; a leader, an agent and a scheduler are lost`,
  plan: { mesos, masters: 3, cluster: 'old' },
  length: 660,
  steps: [
    { at: 61, do: 'leader dies' },
    // Its supervisor starts it again: it follows now, before the next poll.
    { at: 72, do: 'masters start' },
    { at: 180, do: 'agent dies', agent: 2 },
    { at: 330, do: 'framework disconnects', framework: 'spark-etl' },
    { at: 420, do: 'framework comes back', framework: 'spark-etl' },
  ],
}));
