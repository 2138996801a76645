// Masters of clusters in which a tenant chose the names: a small generated cluster, its /state rewritten.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { DEFAULTS } from '../simulator/generate/cluster.ts';
import { startGenerated } from '../simulator/generate/master.ts';
import { FRAMEWORK, HUGE_AGENT, TASKS } from './sandboxes.ts';

/** The parts of /state that are rewritten. */
interface State {
  hostname: string;
  frameworks: Array<{
    id: string;
    name: string;
    principal: string;
    role: string;
    roles: string[];
    user: string;
    webui_url: string;
    tasks: Array<{
      id: string;
      framework_id: string;
      slave_id: string;
      name: string;
      role: string;
      labels?: Array<{ key: string; value: string }>;
    }>;
  }>;
  slaves: Array<{ id: string; hostname: string; attributes: Record<string, unknown> }>;
}

const MIB = 1 << 20;
const long = (text: string, bytes: number) => text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);

/** Stands for the byte 0xFF, which is in no UTF-8 text. */
const BROKEN = '\uE000';

const ODD = [
  `a${BROKEN}b${BROKEN}`,
  'line\nfeed\u0000nul\u202Eoverride',
  '</script><script>alert(1)</script>',
  '"} or vector(1) or mesos_up{x="',
  '.*|.+|(((',
  '{{task}}$1${__all}',
];

/** The clusters, by the UID of their data source. */
export const rewrites = {
  names(state: State) {
    state.frameworks.forEach((framework, i) => {
      framework.name = long(`framework ${i} é`, MIB);
      framework.principal = long(`principal ${i}`, MIB);
      framework.user = long(`user ${i}`, MIB);
      framework.role = long(`role${i}`, MIB);
      framework.roles = [framework.role];
      framework.webui_url = `http://example.com/${long('x', MIB)}`;
      framework.tasks.forEach((task, j) => {
        task.name = long(`task ${i} ${j}`, j < 10 ? MIB : 1_000);
        task.role = framework.role;
      });
    });
    // Public reports have a host name that was a whole HTML page of a proxy.
    state.slaves.forEach((agent, i) => (agent.hostname = `<html>${i}${long('<p>error</p>', MIB)}`));
  },
  giant(state: State) {
    // One value of JSON above 16 MiB is not read at all; the label `roles` is made of many that are shorter.
    const [first, second] = state.frameworks;
    first.name = long('x', 15 * MIB);
    second.roles = Array.from({ length: 20 }, (_, i) => long(`role${i}`, MIB));
  },
  /** The tasks whose files sandboxes.ts has. */
  files(state: State) {
    const [first] = state.frameworks.filter(({ tasks }) => tasks.length >= TASKS.length);
    first.id = FRAMEWORK;
    first.tasks.forEach((task) => (task.framework_id = FRAMEWORK));
    const [agent] = state.slaves;
    const huge = state.slaves[state.slaves.length - 1];
    for (const task of state.frameworks.flatMap(({ tasks }) => tasks)) {
      task.slave_id = task.slave_id === huge.id ? HUGE_AGENT : task.slave_id;
    }
    huge.id = HUGE_AGENT;
    TASKS.forEach((id, i) => Object.assign(first.tasks[i], { id, slave_id: agent.id }));
  },
  odd(state: State) {
    state.frameworks.forEach((framework, i) => {
      framework.name = ODD[i % ODD.length];
      framework.principal = ODD[(i + 1) % ODD.length];
      framework.webui_url = 'javascript:alert(1)';
      framework.tasks.forEach((task, j) => {
        task.name = ODD[j % ODD.length];
        task.labels = Array.from({ length: 50 }, (_, k) => ({
          key: `${ODD[k % ODD.length]}${k}`,
          value: ODD[j % ODD.length],
        }));
      });
    });
    state.slaves.forEach((agent, i) => {
      agent.hostname = ODD[i % ODD.length];
      agent.attributes = Object.fromEntries(ODD.map((name, k) => [`${name}${k}`, name]));
    });
  },
};

/** Starts the master of one of the clusters. */
export async function startNames(kind: keyof typeof rewrites): Promise<{ url: string; stop(): Promise<void> }> {
  const inner = await startGenerated({ ...DEFAULTS, agents: 10, tasks: 100, frameworks: 6 });
  let address = '';
  const page = async (path: string): Promise<Buffer> => {
    const text = await (await fetch(inner.url + path)).text();
    if (path !== '/state') {
      return Buffer.from(text);
    }
    const state = JSON.parse(text.replaceAll(new URL(inner.url).host, address)) as State;
    rewrites[kind](state);
    return Buffer.from(broken(Buffer.from(JSON.stringify(state))));
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0].replace(/^\/master\//, '/');
    if (path === '/redirect') {
      response.writeHead(307, { Location: `//${address}` }).end();
      return;
    }
    page(path).then(
      (body) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body),
      () => response.destroy()
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${address}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await inner.stop();
    },
  };
}

/** Puts 0xFF in the place of BROKEN's three bytes. */
function broken(text: Buffer): Buffer {
  const mark = Buffer.from(BROKEN);
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, from)) {
    parts.push(text.subarray(from, at), Buffer.from([0xff]));
    from = at + mark.length;
  }
  return Buffer.concat([...parts, text.subarray(from)]);
}
