/**
 * Compares responses of a simulated cluster with those of a real one, for tests: key by key, type by type, and numbers with
 * a point where Mesos writes one.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ask, CAPTURES } from '../testing.ts';
import type { Json } from './testing.ts';

/** A number as it was written: whole or with a point. */
export class Written {
  readonly kind: string;
  constructor(source: string) {
    this.kind = /[.eE]/.test(source) ? 'double' : 'integer';
  }
}

/** JSON whose numbers say how they were written. */
export function parse(text: string): any {
  const reviver = (_: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && source !== undefined ? new Written(source) : value;
  return JSON.parse(text, reviver as (this: any, key: string, value: any) => any);
}

/** A recorded answer. */
export function recorded(file: string): any {
  const content = readFileSync(join(CAPTURES, file));
  return parse((file.endsWith('.gz') ? gunzipSync(content) : content).toString());
}

export const page = async (base: string, path: string) => parse((await ask(base, path)).body.toString());

export function typeOf(value: unknown): string {
  return value instanceof Written ? value.kind : Array.isArray(value) ? 'list' : typeof value;
}

export const typed = (thing: Json) => Object.entries(thing).map(([key, value]) => `${key}: ${typeOf(value)}`);

/** Keys with types that all things have, and that any has. */
function keys(things: Json[]): { all: string[]; any: Set<string> } {
  const counts = new Map<string, number>();
  things.flatMap(typed).forEach((key) => counts.set(key, (counts.get(key) ?? 0) + 1));
  return { all: [...counts.keys()].filter((key) => counts.get(key) === things.length), any: new Set(counts.keys()) };
}

/** Our things have the keys that all of theirs have, and none that none of theirs has, but for `more`. */
export function assertAlike(kind: string, ours: Json[], theirs: Json[], more: string[] = []): void {
  assert.ok(ours.length > 0, `there is no ${kind}`);
  assert.ok(theirs.length > 0, `none recorded: ${kind}`);
  const want = keys(theirs);
  for (const thing of ours) {
    const have = typed(thing);
    const added = have.filter((key) => !want.any.has(key) && !more.includes(key));
    assert.deepEqual(added, [], `a ${kind} has what none recorded has`);
    assert.deepEqual(
      want.all.filter((key) => !have.includes(key)),
      [],
      `a ${kind} lacks what every recorded one has`
    );
  }
}

/** The kinds of things in an answer, and how to find them. */
export type Kinds = Record<string, (answer: any) => Json[]>;

/** Compares all kinds of things of an answer with those of recorded ones; `known`: what was not recorded, by kind. */
export function assertKindsAlike(ours: Json, theirs: Json[], kinds: Kinds, known: Record<string, string[]> = {}): void {
  for (const [kind, find] of Object.entries(kinds)) {
    assertAlike(kind, find(ours), theirs.flatMap(find), known[kind]);
  }
}
