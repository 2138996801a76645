import assert from 'node:assert/strict';
import test from 'node:test';

import { createTemplateSrv, variablesOf } from './templateSrv.ts';

const srv = createTemplateSrv(variablesOf('?from=now-1h&var-role=web&var-agent=a.b&var-agent=c'));

test('variables of the address are replaced in all of Grafana’s notations', () => {
  assert.equal(srv.replace('$role ${role} ${role:raw} [[role]] ${role:doublequote}'), 'web web web web "web"');
});

test('several values have the format that is asked for', () => {
  assert.equal(srv.replace('$agent'), '{a.b,c}');
  assert.equal(
    srv.replace('${agent:regex} ${agent:pipe} ${agent:csv} ${agent:json}'),
    '(a\\.b|c) a.b|c a.b,c ["a.b","c"]'
  );
  assert.equal(
    srv.replace('$agent', {}, (value: string[]) => value.join('+')),
    'a.b+c'
  );
});

test('a request’s own variables come first, and unknown ones stay as they are', () => {
  assert.equal(
    srv.replace('$role $__interval $__rate_interval', { role: { text: 'x', value: 'x' } }),
    'x $__interval $__rate_interval'
  );
});

test('containsTemplate detects variables in a text', () => {
  assert.deepEqual(
    [srv.containsTemplate('up{role="$role"}'), srv.containsTemplate('up'), srv.containsTemplate()],
    [true, false, false]
  );
});
