import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../scripts/build.ts';

const dist = path.join(root, 'dist');
const built = existsSync(path.join(dist, 'module.js'));

/** What Grafana 12.3 to 13.2 all give to plugins (Grafana's public/app/features/plugins/loader). */
const shared = [
  ...['@emotion/css', '@grafana/data', '@grafana/runtime', '@grafana/ui'],
  ...['i18next', 'lodash', 'module', 'react', 'react-dom', 'rxjs'],
];

test('the frontend asks Grafana for modules that every version has', { skip: !built && 'no dist/' }, () => {
  const [, list] = /define\(\s*(\[[^\]]*\])/.exec(readFileSync(path.join(dist, 'module.js'), 'utf8')) ?? [];
  assert.ok(list, 'module.js is no AMD module');
  const asked = JSON.parse(list) as string[];
  assert.deepEqual(
    asked.filter((name) => !shared.includes(name)),
    []
  );
  assert.ok(asked.includes('react'), 'React is in the bundle');
});

test('the frontend has nothing of the inner parts of React 18', { skip: !built && 'no dist/' }, () => {
  // React 19 has other elements (react.transitional.element), and its internals have another name.
  const inner = /__SECRET_INTERNALS_DO_NOT_USE|Symbol\.for\(["']react\.element["']\)|ReactCurrentOwner|jsx-runtime/;
  for (const name of readdirSync(dist).filter((file) => file.endsWith('.js'))) {
    assert.doesNotMatch(readFileSync(path.join(dist, name), 'utf8'), inner, name);
  }
});

test('the texts of each language are where Grafana looks for them', { skip: !built && 'no dist/' }, () => {
  const { id, languages } = JSON.parse(readFileSync(path.join(dist, 'plugin.json'), 'utf8')) as {
    id: string;
    languages: string[];
  };
  assert.deepEqual(languages, ['en-US', 'zh-Hans']);
  for (const language of languages) {
    const file = path.join('locales', language, `${id}.json`);
    assert.equal(readFileSync(path.join(dist, file), 'utf8'), readFileSync(path.join(root, 'src', file), 'utf8'), file);
  }
});
