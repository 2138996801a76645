// What masters and agents are asked for in a minute, by the size of the cluster and the number of viewers.
import { count, kilobytes, type Line, rounded, seconds, told } from './lines.ts';
import { bench, startGenerator } from './processes.ts';
import { viewers } from './viewers.ts';

export async function requests(): Promise<Line[]> {
  return (await Promise.all([looking(), counted()])).flat();
}

/** The master's load by number of viewers. */
async function looking(): Promise<Line[]> {
  const [none, ...others] = await viewers([0, 1, 100]);
  return others.map((asked) => ({
    name: `requests and bytes a master gets in a minute with ${asked.viewers} ${asked.viewers === 1 ? 'viewer' : 'viewers'}`,
    value: `${asked.requests}, ${kilobytes(asked.bytes)}`,
    budget: `as with none: ${none.requests}, ${kilobytes(none.bytes)}`,
    verdict: asked.requests === none.requests && asked.bytes === none.bytes ? 'ok' : 'over',
    note: `${asked.queries} queries answered`,
  }));
}

interface Asked {
  requests: number;
  bytes: number;
  atOnce: number;
}

interface Requests {
  minutes: number;
  every: number;
  master: Asked;
  agents: Asked;
  queries: number;
}

/** Clusters whose load is counted: how often /state may be asked for at most, in seconds (the intervals of Mesos' web UI). */
const COUNTED = [
  { agents: 500, tasks: 5_000, every: 20 },
  { agents: 5_000, tasks: 50_000, every: 120 },
  { agents: 10_000, tasks: 100_000, every: 240 },
];

/** What masters and agents are asked for in a minute, agents' statistics included. */
async function counted(): Promise<Line[]> {
  const found: Line[] = [];
  for (const { agents, tasks, every } of COUNTED) {
    const size = `${count(agents)} agents, ${count(tasks)} tasks`;
    const flags = ['--agents', String(agents), '--tasks', String(tasks), '--step', String(every)];
    const measured = async (viewers: number) => {
      const { master, start, stop } = await startGenerator('small', flags);
      try {
        return await bench<Requests>('requests', { master, start, viewers });
      } finally {
        await stop();
      }
    };
    const none = await measured(0);
    const perMinute = ({ master, agents: all, minutes }: Requests) =>
      `master ${rounded(master.requests / minutes)}, ${kilobytes(master.bytes / minutes)}; ` +
      `agents ${rounded(all.requests / minutes)}, ${kilobytes(all.bytes / minutes)}`;
    found.push(told(`requests and bytes in a minute with no viewer: ${size}`, perMinute(none)), {
      name: `/state and /roles are asked for every: ${size}`,
      value: seconds(none.every),
      budget: `>= ${seconds(every)}, one at a time`,
      verdict: none.every >= every && none.master.atOnce === 1 && none.agents.atOnce === 1 ? 'ok' : 'over',
    });
    for (const viewers of [1, 100]) {
      const some = await measured(viewers);
      // Responses contain ports, so their lengths differ by a few bytes.
      const alike = (a: Asked, b: Asked) => a.requests === b.requests && Math.abs(a.bytes - b.bytes) <= 0.001 * b.bytes;
      found.push({
        name: `the same with ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}: ${size}`,
        value: perMinute(some),
        budget: 'as with none',
        verdict: alike(some.master, none.master) && alike(some.agents, none.agents) ? 'ok' : 'over',
        note: `${count(some.queries)} queries answered`,
      });
    }
  }
  return found;
}
