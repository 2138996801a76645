// `npm run bench`: the budgets of the project against generated clusters. Performance is never a failing test: the exit
// status says whether everything could be measured, not whether it was fast enough.
import os from 'node:os';
import { parseArgs } from 'node:util';

import { SIZES, type Size } from '../simulator/generate/cluster.ts';
import { BUDGET_PARTS } from './budgets.ts';
import { count, type Line, nameOf, written } from './lines.ts';
import { PARTS as PEER_PARTS, peers } from './peers.ts';
import { benchArtifact } from './processes.ts';
import { BUDGETS, type Page, PEERS, SCALE, writeReport } from './report.ts';
import { SCALE_PARTS } from './scale.ts';
import { ensureBuilt, plugin } from '../scripts/build.ts';

const names = (parts: object) => Object.keys(parts).join(', ');

const usage = `npm run bench -- [--scale | --peers] [--part NAME] [--size NAME]

  --scale        what 35,000 agents and 200,000 tasks cost, on one core; the machine needs 12 GB for it
  --peers        the plugin beside mesos_exporter with Prometheus and beside Infinity: those that are on the PATH, or that
                 BENCH_PROMETHEUS, BENCH_MESOS_EXPORTER and BENCH_INFINITY (its backend's executable) name
  --part NAME    a part of it only: ${names(BUDGET_PARTS)};
                 of --scale: ${names(SCALE_PARTS)};
                 of --peers: ${names(PEER_PARTS)}
  --size NAME    of --peers, costs of one cluster only: ${Object.keys(SIZES)
    .map((size) => `${size} (${nameOf(size as Size)})`)
    .join(', ')};
                 the tables are not written then

Each part writes its table into docs/${BUDGETS.page}, docs/${SCALE.page} or, where all peers are there,
docs/${PEERS.page}. Prometheus is measured beside the plugin where it is on the PATH.`;

interface Options {
  mode: 'budgets' | 'scale' | 'peers';
  parts: string[];
  sizes: Size[];
}

const PARTS = { budgets: BUDGET_PARTS, scale: SCALE_PARTS, peers: PEER_PARTS };

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        scale: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        part: { type: 'string', default: 'all' },
        size: { type: 'string', default: 'all' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const { scale, peers, part, size } = values;
    if (scale && peers) {
      throw new Error('--scale and --peers: one of them at a time');
    }
    const mode = scale ? 'scale' : peers ? 'peers' : 'budgets';
    if (part !== 'all' && !(part in PARTS[mode])) {
      throw new Error(`--part ${part}: no such part`);
    }
    if (size !== 'all' && !(size in SIZES)) {
      throw new Error(`--size ${size}: no such size`);
    }
    if (size !== 'all' && mode !== 'peers') {
      throw new Error(`--size ${size}: of --peers only`);
    }
    return {
      mode,
      parts: part === 'all' ? Object.keys(PARTS[mode]) : [part],
      sizes: size === 'all' ? ['small', 'large'] : [size as Size],
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Measures parts one after the other. Each is in its page as soon as it is measured. */
async function measure(parts: string[], of: Record<string, () => Promise<Line[]>>, page: Page): Promise<void> {
  let over = 0;
  for (const part of parts) {
    const load = os.loadavg()[0];
    const lines = await of[part]();
    lines.forEach((line) => console.log(written(line)));
    over += lines.filter(({ verdict }) => verdict === 'over').length;
    writeReport(page, part, lines, load);
  }
  console.log(`${count(over)} over budget`);
}

const { mode, parts, sizes } = options();
if (process.platform !== 'linux') {
  console.log('skipped: CPU and memory are read from /proc, which only Linux has');
  process.exit(0);
}
ensureBuilt([...plugin, benchArtifact]);
const began = Date.now();
switch (mode) {
  case 'budgets':
    await measure(parts, BUDGET_PARTS, BUDGETS);
    break;
  case 'scale':
    await measure(parts, SCALE_PARTS, SCALE);
    break;
  case 'peers':
    await peers(parts, sizes, () => os.loadavg()[0]);
}
console.log(`took ${Math.round((Date.now() - began) / 1000)} s`);
