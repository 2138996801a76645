// What it costs to read /state of a large cluster, and a whole poll of it.
import type { Size } from '../simulator/generate/cluster.ts';
import { pollCosts, withPlugin } from './executable.ts';
import { atMost, type Line, megabytes, nameOf, seconds, times, told } from './lines.ts';
import { bench, startGenerator } from './processes.ts';

/** Lines whose budget holds at the largest size only. */
function budgeted(
  size: Size,
  name: string,
  value: number,
  budget: number,
  show: (n: number) => string,
  note: string
): Line {
  return size === 'large' ? atMost(name, value, budget, show, note) : told(name, show(value), note);
}

interface Read {
  plain: number;
  zipped: number;
  unpack: number;
  read: number;
  naive: number;
  generic: number;
}

/** Reading /state, compared with only decompressing it, and with decoding the whole body; then polls of the executable. */
export async function reading(size: Size): Promise<Line[]> {
  const { lines, plain } = await decoding(size);
  return [...lines, ...(await polling(size, plain))];
}

async function decoding(size: Size): Promise<{ lines: Line[]; plain: number }> {
  const cluster = await startGenerator(size, []);
  try {
    const found = await bench<Read>('read', { master: cluster.master, rounds: 9 });
    const body = `${nameOf(size)}: ${megabytes(found.plain)}, ${megabytes(found.zipped)} gzipped`;
    const lines = [
      budgeted(
        size,
        'CPU to read /state, against only un-gzipping it',
        found.read / found.unpack,
        5,
        times,
        `${body}; ${seconds(found.read)} against ${seconds(found.unpack)}`
      ),
      told('the same of the whole body into narrow structs by encoding/json', times(found.naive / found.unpack)),
      told('the same of the whole body into any by encoding/json', times(found.generic / found.unpack)),
    ];
    return { lines, plain: found.plain };
  } finally {
    await cluster.stop();
  }
}

/** Polls of the executable, from outside. */
async function polling(size: Size, body: number): Promise<Line[]> {
  const cluster = await startGenerator(size, ['--step', '240']);
  try {
    // The cluster has no event stream here: what is measured is a poll.
    const lines: Line[] = [];
    await withPlugin(cluster.master, { pollInterval: '10m', subscribe: 'never' }, async (gpx) => {
      const { idle, first, more } = await pollCosts(gpx, 5);
      const cpu = more.map((poll) => poll.cpu).sort((a, b) => a - b)[Math.floor(more.length / 2)];
      const added = Math.max(...more.map((poll) => poll.added));
      const what = nameOf(size);
      lines.push(
        budgeted(
          size,
          'CPU of a whole poll, samples written',
          cpu,
          1.1,
          seconds,
          `${what}; the first: ${seconds(first.cpu)}`
        ),
        budgeted(
          size,
          'memory a poll takes at its peak beside what is kept, against the plain body',
          added,
          body,
          megabytes,
          `${what}; the whole process ${megabytes(idle)} idle, ${megabytes(first.peak)} at the peak of its first poll`
        )
      );
    });
    return lines;
  } finally {
    await cluster.stop();
  }
}
