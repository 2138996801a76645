// What a client reads of an event stream with each of its faults.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFault, type Fault } from './faults.ts';
import { readRecords, subscribe, type Subscription } from './live/api/testing.ts';
import type { Live } from './live/live.ts';
import { START, withLive } from './live/testing.ts';

/** Puts a fault on a cluster's only master. */
const disturb = (live: Live, fault: Fault | null) => live.do({ do: 'disturb', on: 'masters', fault });

/** Subscribes, and lets heartbeats come: 20 of the cluster's minutes have 80. */
async function subscribed(live: Live): Promise<Subscription> {
  const stream = await subscribe(live.masters[0]);
  await stream.until(2);
  return stream;
}

const pass = (live: Live, minutes: number) => live.setNow(live.now() + 60 * minutes);

/** All bytes of a stream until it ends. */
function bytesOf({ response }: Subscription): Promise<Buffer> {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => response.once('close', () => resolve(Buffer.concat(chunks))));
}

test('stream-cut: open and new streams end after their time', () =>
  withLive({}, async (live) => {
    const open = await subscribed(live);
    await disturb(live, { kind: 'stream-cut', seconds: 0.05 });
    assert.equal(await open.ended, 'ECONNRESET');
    assert.equal(await (await subscribe(live.masters[0])).ended, 'ECONNRESET');
    await disturb(live, null);
    const stays = await subscribed(live);
    await pass(live, 1);
    await stays.until(6);
    stays.close();
  }));

test('stream-half: the last record is not whole', () =>
  withLive({}, async (live) => {
    const stream = await subscribed(live);
    const bytes = bytesOf(stream);
    await disturb(live, { kind: 'stream-half', seconds: 0 });
    // The timer of the fault is a real one.
    const more = setInterval(() => void pass(live, 1), 5);
    assert.equal(await stream.ended, 'ECONNRESET');
    clearInterval(more);
    const got = await bytes;
    const whole = readRecords(got).reduce((sum, text) => sum + Buffer.byteLength(text) + `${text.length}\n`.length, 0);
    assert.ok(whole < got.length, `${got.length - whole} bytes behind the last whole record`);
  }));

test('stream-long: a record of so many bytes, and then what was told meanwhile', () =>
  withLive({}, async (live) => {
    const stream = await subscribed(live);
    const before = stream.records().length;
    await disturb(live, { kind: 'stream-long', seconds: 0, bytes: 3_000_000 });
    const long = () => stream.records().find((text) => text.startsWith('{"type":"LONG"'));
    for (let wanted = before + 1; long() === undefined; wanted++) {
      await stream.until(wanted);
    }
    assert.equal(long()?.length, 3_000_000);
    assert.equal((JSON.parse(long() as string) as { type: string }).type, 'LONG');
    const until = stream.records().length;
    await pass(live, 1);
    await stream.until(until + 4);
    stream.close();
  }));

test('stream-slow: nothing with 0 bytes a second, all of it when the fault ends', () =>
  withLive({}, async (live) => {
    const stream = await subscribed(live);
    await disturb(live, { kind: 'stream-slow', bytesPerSecond: 0 });
    const before = stream.records().length;
    await pass(live, 20);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(stream.records().length, before);
    await disturb(live, null);
    await stream.until(before + 80);
    stream.close();
  }));

test('stream-slow: so many bytes a second', () =>
  withLive({}, async (live) => {
    const stream = await subscribed(live);
    await disturb(live, { kind: 'stream-slow', bytesPerSecond: 2_000 });
    const before = stream.response.socket.bytesRead;
    const begun = Date.now();
    await pass(live, 20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const read = stream.response.socket.bytesRead - before;
    const most = (2_000 * (Date.now() - begun + 100)) / 1000;
    // A piece has the size of its chunk around it.
    assert.ok(read > 0 && read < 1.2 * most, `${read} bytes, at most ${most}`);
    stream.close();
  }));

test('stream-repeat: each record twice', () =>
  withLive({ plan: { start: START } }, async (live) => {
    const stream = await subscribed(live);
    await disturb(live, { kind: 'stream-repeat' });
    const before = stream.records().length;
    await pass(live, 2);
    await stream.until(before + 16);
    const records = stream.records().slice(before);
    for (let i = 0; i + 1 < records.length; i += 2) {
      assert.equal(records[i], records[i + 1]);
    }
    stream.close();
  }));

test('a fault without its numbers is refused', () => {
  assert.throws(() => checkFault({ kind: 'stream-cut' }), /stream-cut: seconds is undefined/);
  assert.throws(() => checkFault({ kind: 'stream-tear' }), /known: .*stream-cut, stream-half/);
});
