// CHANGELOG.md has the form that a release is made of, and a release without a date, or with another tag, is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../scripts/build.ts';
import { notes, sections } from './release.ts';

const changelog = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };

test('CHANGELOG.md begins with the version of package.json', () => {
  const [newest] = sections(changelog);
  assert.equal(newest.version, version);
  assert.ok(newest.text.startsWith('### '));
});

test('sections have a version, and a date or none yet', () => {
  const two = '# Changelog\n\n## 1.1.0 (unreleased)\n\n### Added\n\n- B\n\n## 1.0.0 (2026-12-01)\n\n### Added\n\n- A\n';
  assert.deepEqual(sections(two), [
    { version: '1.1.0', text: '### Added\n\n- B' },
    { version: '1.0.0', date: '2026-12-01', text: '### Added\n\n- A' },
  ]);
  for (const heading of ['## 1.0', '## 1.0.0', '## [1.0.0] - 2026-12-01', '## 1.0.0 (2026-13-01)', '## 1.0.0 (soon)']) {
    assert.throws(() => sections(`${heading}\n\n- A`), /write ## 1\.2\.3 \(unreleased\)/, heading);
  }
});

test('a release has the tag of its version and a date', () => {
  const dated = '# Changelog\n\n## 1.0.0 (2026-12-01)\n\n### Added\n\n- A\n';
  assert.equal(notes('v1.0.0', '1.0.0', dated), '### Added\n\n- A\n');
  assert.throws(() => notes('v1.0.1', '1.0.0', dated), /the tag is v1\.0\.1, and package\.json has 1\.0\.0/);
  assert.throws(() => notes('v1.0.0', '1.0.0', dated.replace('2026-12-01', 'unreleased')), /has no date for 1\.0\.0/);
  assert.throws(() => notes('v1.1.0', '1.1.0', dated), /has no date for 1\.1\.0/);
});
