// Agents with sandboxes that no agent of good will has: lines of 100 MB, answers that do not end, directories that lie.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** The framework of the tasks. */
export const FRAMEWORK = 'hostile';

/** The ID of an agent whose /state is huge. */
export const HUGE_AGENT = 'huge';

const MB = 1_000_000;

/** A file as its agent tells it, whatever it is. */
interface Content {
  size: number;
  /** The bytes from an offset on. */
  bytes(offset: number, length: number): Buffer;
  /** What is answered instead. */
  instead?(response: ServerResponse, offset: number): void;
}

const LINE = 100 * MB;

/** Lines of so many bytes. */
const lines = (size: number, line: number, fill: string): Content => ({
  size,
  bytes(offset, length) {
    const part = Buffer.alloc(length, fill);
    for (let end = line - 1 - (offset % line); end < length; end += line) {
      part[end] = 0x0a;
    }
    return part;
  },
});

const CONTENTS = {
  'long-lines': lines(3 * LINE, LINE, 'x'),
  'short-lines': lines(1000 * MB, 2, '\u0007'), // each byte is six in JSON
  newlines: lines(1000 * MB, 1, '\n'),
  binary: {
    size: 1000 * MB,
    bytes: (offset, length) => Buffer.from(Array.from({ length }, (_, i) => (offset + i) % 256)),
  },
  vast: lines(2 ** 53, 1000, 'x'),
  endless: {
    ...lines(1000 * MB, 100, 'x'),
    instead(response) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"data":"');
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1 << 16))) {
          // until the client reads no more
        }
      };
      response.on('drain', more);
      more();
    },
  },
  'more-than-asked': {
    ...lines(1000 * MB, 100, 'x'),
    instead(response, offset) {
      response.end(JSON.stringify({ data: 'x'.repeat(10 * MB), offset }));
    },
  },
  'other-offsets': {
    ...lines(1000 * MB, 100, 'x'),
    instead(response, offset) {
      response.end(
        JSON.stringify({ data: 'x'.repeat(1000), offset: [-(2 ** 53), 2 ** 60, offset + 1, 1e300][offset % 4] })
      );
    },
  },
} satisfies Record<string, Content>;

/** The IDs of the tasks. */
export const TASKS = Object.keys(CONTENTS) as Array<keyof typeof CONTENTS>;

const SANDBOX = '/work';

/** Entries of a directory: the logs, and what leads elsewhere. */
function entries(directory: string, size: number): object[] {
  const entry = (name: string, mode = '-rw-r--r--', of = size) => ({
    ...{ path: `${directory}/${name}`, mode, size: of, mtime: 1795246470, nlink: 1, uid: 'root', gid: 'root' },
  });
  return [
    ...['stdout', 'stderr', '../../etc/passwd', '../../etc/x.log', '/etc/x.log', '', '.', '..', 'x\u0000.log'].map(
      (name) => entry(name)
    ),
    { ...entry('outside.log'), path: '/etc/passwd' },
    ...[entry('negative.log', '-rw-r--r--', -1), entry('link.log', 'lrwxrwxrwx'), entry('pipe.log', 'prw-r--r--')],
    ...[entry('logs', 'drwxr-xr-x'), entry('../..', 'drwxr-xr-x'), entry('odd.log', 'x'.repeat(10_000))],
    ...Array.from({ length: 10_000 }, (_, i) => entry(`stdout.${i + 1}`)),
  ];
}

/** /state of an agent that says it ran millions of tasks. */
const HUGE = 127 * MB;

function hugeState(response: ServerResponse): void {
  const part = `{"id":"task","statuses":[]},`.repeat(4000);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.write('{"frameworks":[{"id":"huge","executors":[{"id":"e","directory":"/work","tasks":[');
  let sent = 0;
  const more = () => {
    while (!response.destroyed && sent < HUGE) {
      sent += part.length;
      if (!response.write(part)) {
        return;
      }
    }
    response.end('{"id":"last"}]}]}],"completed_frameworks":[]}');
  };
  response.on('drain', more);
  more();
}

function state(response: ServerResponse): void {
  const executors = TASKS.map((id) => ({
    ...{ id, container: `container-${id}`, directory: `${SANDBOX}/${id}`, tasks: [{ id }] },
    ...{ queued_tasks: [], completed_tasks: [] },
  }));
  const framework = { id: FRAMEWORK, executors, completed_executors: [] };
  response.end(JSON.stringify({ frameworks: [framework], completed_frameworks: [] }));
}

/** Serves all agents. `outside` is called with each path that no sandbox has. */
export async function startSandboxes(
  outside: (path: string) => void
): Promise<{ agentAddress: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://agent');
    const [, agent, ...page] = pathname.split('/');
    const asked = searchParams.get('path') ?? '';
    if (asked !== '' && (path.posix.normalize(asked) !== asked || !asked.startsWith(`${SANDBOX}/`))) {
      outside(asked);
    }
    const content: Content = CONTENTS[(asked.split('/')[2] ?? '') as keyof typeof CONTENTS] ?? CONTENTS.newlines;
    switch (page.join('/')) {
      case 'state':
        return agent === HUGE_AGENT ? hugeState(response) : state(response);
      case 'files/browse':
        return void response.end(JSON.stringify(entries(asked, content.size)));
      case 'files/read': {
        const offset = Number(searchParams.get('offset'));
        if (content.instead) {
          return content.instead(response, offset);
        }
        // Bytes as they are, with the escapes that JSON needs: all else would be too slow here.
        const length = Math.max(0, Math.min(Number(searchParams.get('length')), content.size - offset));
        const data = JSON.stringify(content.bytes(offset, length).toString('latin1'));
        return void response.end(Buffer.from(`{"data":${data},"offset":${offset}}`, 'latin1'));
      }
      default:
        return void response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    agentAddress: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{id}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
