/**
 * Scenes of one moment: everything recorded of one situation. Some have several situations one after another: stages.
 *
 * A stage is a prefix of the file names (`boot00-get_state.json` of 13-master-restart: stage `boot00`), or an entry of
 * the folder's stages.json, which says for each host which prefix it shows then.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAnswer, unixTime, type Recording, type Row } from './manifest.ts';
import type { Moment, Scene } from './scene.ts';

/** One host in a stage of stages.json; null: nothing listens there. */
type Cast = Record<string, { rows: string; redirectsTo?: string } | null>;

/**
 * The prefix of a file name that names a stage, '' when it has none.
 * `second-draining-agent2-state.json` -> `second-draining`; `master-get_state.json` -> ``.
 */
export function stagePrefix(file: string): string {
  const prefix = /^(.+?)-(?:get_|v1-|master-|agent\d|\d{2,5}-(?:get_|v1-))/.exec(basename(file))?.[1] ?? '';
  return /^(master|agent\d+)$/.test(prefix) ? '' : prefix;
}

/** Whether the answers of a scene depend on who asks: then prefixes name credentials, not stages. */
export function hasCredentials(rows: Row[]): boolean {
  return rows.some((row) => row.req_headers.Authorization !== undefined);
}

/** The stages that stages.json defines: scene -> stage -> host -> what it shows. */
export function readCasts(recording: Recording): Record<string, Record<string, Cast>> {
  const path = join(recording.dir, 'stages.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, Cast>>) : {};
}

/** Makes a scene of the rows recorded under that name. */
export function stagedScene(recording: Recording, name: string, rows: Row[]): Scene {
  const casts = readCasts(recording)[name];
  const staged = !hasCredentials(rows);
  const prefixOf = (row: Row) => (staged ? stagePrefix(row.file) : '');
  const stages = casts ? Object.keys(casts) : prefixesByTime(rows, prefixOf);
  let current = stages[0] ?? '';

  return {
    name,
    hosts: [...new Set(rows.map((row) => row.host))],
    stages: stages.filter((stage) => stage !== ''),
    borrows: staged && !casts,
    moment(host) {
      const own = rows.filter((row) => row.host === host);
      if (casts) {
        const part = casts[current][host] ?? null;
        const shown = part ? own.filter((row) => prefixOf(row) === part.rows) : [];
        return { ...momentOf(shown, own), up: shown.some(isAnswer), redirectsTo: part?.redirectsTo };
      }
      return momentOf(
        own.filter((row) => prefixOf(row) === current),
        own,
        earliest(rows.filter((row) => prefixOf(row) === current))
      );
    },
    stage: () => current,
    setStage(stage) {
      if (!stages.includes(stage)) {
        throw new Error(noSuchStage(name, stage, stages));
      }
      current = stage;
    },
  };
}

/** Returns the error message that lists the stages. */
export function noSuchStage(scene: string, stage: string, stages: string[]): string {
  const known = stages.filter((s) => s !== '');
  return known.length > 0
    ? `scene ${scene} has no stage "${stage}"; it has: ${known.join(', ')}`
    : `scene ${scene} has no stages`;
}

function prefixesByTime(rows: Row[], prefixOf: (row: Row) => string): string[] {
  const first = new Map<string, number>();
  for (const row of rows) {
    const prefix = prefixOf(row);
    first.set(prefix, Math.min(first.get(prefix) ?? Infinity, unixTime(row)));
  }
  const prefixes = [...first.keys()].sort((a, b) => (first.get(a) ?? 0) - (first.get(b) ?? 0));
  return prefixes.includes('') ? ['', ...prefixes.filter((prefix) => prefix !== '')] : prefixes;
}

/**
 * A host is down when all its rows of that moment are failures to connect. A host without rows of that moment is up, with
 * the responses nearest in time.
 */
function momentOf(shown: Row[], own: Row[], at = earliest(shown)): Moment {
  if (shown.length > 0 || own.length === 0) {
    return { up: shown.some((row) => typeof row.status === 'number'), rows: shown, at };
  }
  return { up: own.some(isAnswer), rows: [], at };
}

function earliest(rows: Row[]): number {
  return rows.length === 0 ? NaN : Math.min(...rows.map(unixTime));
}
