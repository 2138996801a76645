// Prints the notes of a release from CHANGELOG.md: `node tools/package/release.ts v0.1.0`. Exit status 1 unless the tag is
// the version of package.json, and its section has a date: `## 0.1.0 (2026-12-01)`, no longer `(unreleased)`.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from '../scripts/build.ts';

/** A heading of CHANGELOG.md. */
const heading = /^## (\d+\.\d+\.\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$/;

export interface Section {
  version: string;
  /** Undefined: unreleased. */
  date?: string;
  text: string;
}

/** Returns the sections of a changelog, the newest first. Throws where a heading of the second level has another form. */
export function sections(changelog: string): Section[] {
  const [, ...parts] = `\n${changelog}`.split(/\n(?=## )/);
  return parts.map((part) => {
    const [first, ...rest] = part.split('\n');
    const [, version, date] = heading.exec(first) ?? [];
    if (version === undefined || Number.isNaN(Date.parse(date === 'unreleased' ? '2000-01-01' : date))) {
      throw new Error(`"${first}" in CHANGELOG.md: write ## 1.2.3 (unreleased), or ## 1.2.3 (2026-12-31)`);
    }
    return { version, ...(date !== 'unreleased' && { date }), text: rest.join('\n').trim() };
  });
}

/** Returns the notes of the release that a tag names. Throws unless it can be made. */
export function notes(tag: string, version: string, changelog: string): string {
  if (tag !== `v${version}`) {
    throw new Error(`the tag is ${tag}, and package.json has ${version}: tag the commit v${version}`);
  }
  const section = sections(changelog).find((one) => one.version === version);
  if (section?.date === undefined) {
    throw new Error(
      `CHANGELOG.md has no date for ${version}: write ## ${version} (YYYY-MM-DD) with the date of the release`
    );
  }
  return `${section.text}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const changelog = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
  try {
    process.stdout.write(notes(process.argv[2] ?? '', version, changelog));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
