/**
 * Which scenes a folder has, and how to open one.
 */
import { readdirSync } from 'node:fs';
import { failoverScene, isFailover } from './failover.ts';
import { requestRows, type Recording } from './manifest.ts';
import type { Scene } from './scene.ts';
import { isSeries, seriesScene } from './series.ts';
import { stagedScene } from './stages.ts';

/** The scenes that can be served, sorted by name. */
export function sceneNames(recording: Recording): string[] {
  // A series may be missing in the manifest: it has its own INDEX.tsv.
  const folders = readdirSync(recording.dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const series = folders.map((folder) => folder.name).filter((name) => isSeries(recording, name));
  const ofOneMoment = requestRows(recording).map((row) => row.scene);
  const failovers = recording.rows.map((row) => row.scene).filter((name) => isFailover(recording, name));
  return [...new Set([...series, ...ofOneMoment, ...failovers])].sort();
}

/**
 * Opens a scene; without a name the first series, as that one moves, else the first scene.
 * Throws for an unknown name, listing those that exist.
 */
export function openScene(recording: Recording, wanted?: string): Scene {
  const names = sceneNames(recording);
  const name = wanted ?? names.find((n) => isSeries(recording, n)) ?? names[0];
  if (name === undefined || !names.includes(name)) {
    throw new Error(
      names.length === 0
        ? `${recording.dir} has no scene that can be served`
        : `no scene "${name}" in ${recording.dir}; it has:\n${names.map((n) => `  ${n}\n`).join('')}`
    );
  }
  if (isSeries(recording, name)) {
    return seriesScene(recording, name);
  }
  if (isFailover(recording, name)) {
    return failoverScene(recording, name);
  }
  return stagedScene(
    recording,
    name,
    requestRows(recording).filter((row) => row.scene === name)
  );
}
