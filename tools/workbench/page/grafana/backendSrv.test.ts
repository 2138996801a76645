import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';

import { lastValueFrom } from 'rxjs';

import { addressOf, backendSrv } from './backendSrv.ts';

test('parameters are appended to an address, each value of a list for itself', () => {
  assert.equal(
    addressOf({ url: 'api/x', params: { match: ['a b', 'c'], limit: 2, none: undefined } }),
    '/api/x?match=a+b&match=c&limit=2'
  );
  assert.equal(addressOf({ url: '/api/x?ds_type=m', params: { q: 1 } }), '/api/x?ds_type=m&q=1');
  assert.equal(addressOf({ url: '/api/x' }), '/api/x');
});

test('answers and failures have the shape of Grafana’s', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/wait') {
      return; // Until the client gives up.
    }
    response.statusCode = request.url === '/good' ? 200 : 400;
    response.end(
      request.url === '/text' ? 'plain words' : JSON.stringify({ method: request.method, error: 'the cause' })
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal((await backendSrv.post<{ method: string }>(`${base}/good`, { a: 1 })).method, 'POST');

    const failed = await backendSrv.get(`${base}/bad`).catch((error: unknown) => error);
    assert.deepEqual(
      { ...(failed as object), config: undefined },
      {
        status: 400,
        statusText: 'Bad Request',
        data: { method: 'GET', error: 'the cause', message: 'the cause' },
        config: undefined,
      }
    );
    const plain = (await backendSrv.get(`${base}/text`).catch((error: unknown) => error)) as { data: object };
    assert.deepEqual(plain.data, { message: 'plain words', error: 'Bad Request' });

    const first = lastValueFrom(backendSrv.fetch({ url: `${base}/wait`, requestId: 'same' })).catch(
      (error: unknown) => error
    );
    const second = lastValueFrom(backendSrv.fetch({ url: `${base}/good`, requestId: 'same' }));
    assert.equal(((await first) as { cancelled?: boolean }).cancelled, true);
    assert.equal((await second).status, 200);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
