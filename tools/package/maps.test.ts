// Source maps have the hashes of the JavaScript beside them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { settleMaps } from './maps.ts';

const [first, second, other] = ['a', 'b', 'c'].map((digit) => digit.repeat(20));

test('the first hash of a chunk becomes the one in module.js, in each source map', (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-maps-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'module.js'), `({110:"${second}",12:"${other}"})`);
  writeFileSync(path.join(folder, '110.js.map'), JSON.stringify({ file: `110.js?_cache=${first}` }));
  writeFileSync(
    path.join(folder, 'module.js.map'),
    JSON.stringify({ file: 'module.js', sourcesContent: [`{"110":"${first}","12":"${other}"}`] })
  );
  settleMaps(folder);
  assert.deepEqual(JSON.parse(readFileSync(path.join(folder, '110.js.map'), 'utf8')), {
    file: `110.js?_cache=${second}`,
  });
  assert.deepEqual(JSON.parse(readFileSync(path.join(folder, 'module.js.map'), 'utf8')), {
    file: 'module.js',
    sourcesContent: [`{"110":"${second}","12":"${other}"}`],
  });
});
