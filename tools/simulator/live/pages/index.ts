/**
 * The pages of masters, by path.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAPTURES_DIR, recordedVersion } from '../../generate/recorded.ts';
import { rolesText } from '../roles.ts';
import { snapshotOf, snapshotText } from '../snapshot.ts';
import { flagsOf, stateParts } from '../state.ts';
import { frameworks } from './frameworks.ts';
import type { Page } from './page.ts';
import { quota, weights } from './quota.ts';
import { slaves } from './slaves.ts';
import { summary } from './summary.ts';
import { systemText } from './system.ts';
import { tasks } from './tasks.ts';

/** Of the cluster: only its leader has them, others send there. */
export const CLUSTER_PAGES: Record<string, Page> = {
  '/state': ({ world, master, restricted }) => stateParts(world, master, restricted),
  '/state-summary': summary,
  '/slaves': slaves,
  '/frameworks': frameworks,
  '/tasks': tasks,
  '/roles': ({ world, restricted }) => rolesText(world, restricted),
  '/quota': quota,
  '/weights': weights,
  // No maintenance is ever planned here.
  '/maintenance/schedule': () => '{}',
  '/maintenance/status': () => '{}',
};

/** Of a master itself, whether or not it leads. */
export const MASTER_PAGES: Record<string, Page> = {
  '/metrics/snapshot': ({ world, master }) => snapshotText(world, master),
  '/flags': ({ world, master }) => JSON.stringify({ flags: flagsOf(world, master) }),
  '/system/stats.json': ({ world, master }) => systemText(snapshotOf(world, master)),
};

export const VERSION = JSON.stringify(recordedVersion()).replace(/("build_time":\d+)(?=[,}])/, '$1.0');

/** The web interface's only page; what it would load is not here. */
export const WEBUI = readFileSync(join(CAPTURES_DIR, '01-empty-master', 'master-get_.html'), 'utf8');
