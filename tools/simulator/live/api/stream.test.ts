// The event stream has the events of a real one, and no others, until the leader or the client disconnects.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { scenarioOf } from '../../scenarios/index.ts';
import { askJSON } from '../../testing.ts';
import { startLive, type Live } from '../live.ts';
import { assertAlike, parse, typed } from '../shape.ts';
import { START, withLive, type Json } from '../testing.ts';
import { call, recordedEvents, subscribe, type Subscription } from './testing.ts';

const recorded = recordedEvents();

/** All events that were sent by now: answers that come after them are there. */
async function eventsOf(live: Live, stream: Subscription): Promise<Json[]> {
  await call(live.masters[0], { type: 'GET_HEALTH' });
  await setImmediate();
  return stream.records().map((text) => JSON.parse(text) as Json);
}

const counted = (events: Json[]) => {
  const counts: Record<string, number> = {};
  events.forEach(({ type }) => (counts[type] = (counts[type] ?? 0) + 1));
  return counts;
};

// First, as other tests leave handles that close a little later.
test('nothing remains of it when the client disconnects or the cluster stops', async () => {
  const left = () => process.getActiveResourcesInfo().filter((name) => /Timeout|TCPServer|TCPSocket/.test(name)).length;
  const before = left();
  const live = await startLive({});
  const gone = await subscribe(live.masters[0]);
  await gone.until(2);
  gone.close();
  const stays = await subscribe(live.masters[0]);
  await stays.until(2);
  await live.stop();
  assert.equal(await stays.ended, 'ECONNRESET');
  for (let attempts = 0; attempts < 100 && left() !== before; attempts++) {
    await setImmediate();
  }
  assert.equal(left(), before);
});

test('first a full state, then a heartbeat every 15 s of cluster time, and the events between', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 100);
    const stream = await subscribe(live.masters[0]);
    assert.equal(stream.response.headers['transfer-encoding'], 'chunked');
    assert.equal(stream.response.headers['content-type'], 'application/json');
    await stream.until(2);
    const [subscribed, heartbeat] = stream.records();
    const first = parse(subscribed) as Json;
    assert.deepEqual(typed(first.subscribed), typed(recorded[0].subscribed));
    assert.deepEqual(typed(first.subscribed.get_state), typed(recorded[0].subscribed.get_state));
    assert.equal(heartbeat, '{"type":"HEARTBEAT"}');
    const { get_state } = JSON.parse((await call(live.masters[0], { type: 'GET_STATE' })).body.toString()) as Json;
    const began = JSON.parse(subscribed) as Json;
    assert.deepEqual(began.subscribed, { get_state, heartbeat_interval_seconds: 15 });

    const states = new Map<string, string>();
    get_state.get_tasks.tasks.forEach((task: Json) => states.set(task.task_id.value, task.state));
    await live.setNow(START + 100 + 301);
    const events = (await eventsOf(live, stream)).slice(1);
    assert.equal(counted(events).HEARTBEAT, 21);
    const types = ['TASK_ADDED', 'TASK_UPDATED', 'HEARTBEAT'];
    assert.deepEqual(Object.keys(counted(events)).sort(), types.sort());

    // Following the events leads to what the master says when it is asked.
    for (const { type, task_added, task_updated } of events) {
      if (type === 'TASK_ADDED') {
        states.set(task_added.task.task_id.value, task_added.task.state);
      } else if (type === 'TASK_UPDATED') {
        states.set(task_updated.status.task_id.value, task_updated.state);
      }
    }
    const running = [...states.values()].filter((state) => state === 'TASK_RUNNING').length;
    assert.equal(running, live.truth().cluster.tasks.running);

    const ours = stream.records().map((text) => parse(text) as Json);
    const of = (all: Json[], find: (event: Json) => Json | undefined) => all.flatMap((event) => find(event) ?? []);
    const kinds: Array<[kind: string, find: (event: Json) => Json | undefined, more?: string[]]> = [
      ['added task', ({ task_added }) => task_added?.task, ['container: object']],
      ['update', ({ task_updated }) => task_updated],
      ['status', ({ task_updated }) => task_updated?.status],
    ];
    for (const [kind, find, more] of kinds) {
      assertAlike(kind, of(ours, find), of(recorded, find), more);
    }
    stream.close();
  }));

test('agents: added with their tasks when they come back, removed when they unregister, and nothing else', () =>
  withLive({}, async (live) => {
    const stream = await subscribe(live.masters[0]);
    await stream.until(2);
    const ofAgents = async () =>
      (await eventsOf(live, stream))
        .filter(({ type }) => String(type).startsWith('AGENT'))
        .map(({ type }) => type as string);
    const steps = [
      () => live.do({ do: 'agent dies', agent: 2, machine: false }),
      () => live.setNow(START + 100),
      () => live.do({ do: 'agent is deactivated', agent: 3 }),
      () => live.do({ do: 'agent drains', agent: 4 }),
      () => live.do({ do: 'agent is marked gone', agent: 5 }),
    ];
    for (const step of steps) {
      await step();
      assert.deepEqual(await ofAgents(), []);
    }
    assert.equal(live.truth().cluster.agents.unreachable, 1);
    const before = (await eventsOf(live, stream)).length;
    await live.do({ do: 'agent returns', agent: 2 });
    await live.setNow(START + 104);
    assert.deepEqual(await ofAgents(), ['AGENT_ADDED']);
    const since = (await eventsOf(live, stream)).slice(before);
    const at = since.findIndex(({ type }) => type === 'AGENT_ADDED');
    const id = since[at].agent_added.agent.agent_info.id.value as string;
    assert.equal(id, live.truth().agents[1].agentId);
    const again = since.slice(0, at).filter(({ task_added }) => task_added?.task.agent_id.value === id);
    assert.ok(
      again.some(({ task_added }) => task_added.task.state === 'TASK_RUNNING'),
      'its tasks come before it'
    );

    await live.do({ do: 'agent unregisters', agent: 6 });
    assert.deepEqual(await ofAgents(), ['AGENT_ADDED', 'AGENT_REMOVED']);
    const find = (type: string) => (all: Json[]) =>
      all.filter((event) => event.type === type).map((event) => event[type.toLowerCase()] as Json);
    const ours = stream.records().map((text) => parse(text) as Json);
    const agents = (all: Json[]) => find('AGENT_ADDED')(all).map(({ agent }) => agent as Json);
    assertAlike('added agent', agents(ours), agents(recorded));
    assertAlike(
      'info of an added agent',
      agents(ours).map(({ agent_info }) => agent_info as Json),
      agents(recorded).map(({ agent_info }) => agent_info as Json)
    );
    assertAlike('removed agent', find('AGENT_REMOVED')(ours), find('AGENT_REMOVED')(recorded));
    stream.close();
  }));

test('frameworks: updated when a scheduler subscribes again, removed when they end, no event when a scheduler disconnects', () =>
  withLive({}, async (live) => {
    const stream = await subscribe(live.masters[0]);
    await stream.until(2);
    const ofFrameworks = async () =>
      (await eventsOf(live, stream)).filter(({ type }) => String(type).startsWith('FRAMEWORK'));
    await live.do({ do: 'framework disconnects', framework: 'marathon' });
    assert.deepEqual(await ofFrameworks(), []);
    await live.do({ do: 'framework comes back', framework: 'marathon' });
    const [updated] = await ofFrameworks();
    assert.equal(updated.type, 'FRAMEWORK_UPDATED');
    const added = recorded.find(({ type }) => type === 'FRAMEWORK_ADDED') as Json;
    const ours = stream.records().map((text) => parse(text) as Json);
    const event = ours.find(({ type }) => type === 'FRAMEWORK_UPDATED') as Json;
    // None was recorded; Mesos writes it as it writes FRAMEWORK_ADDED.
    assertAlike('framework', [event.framework_updated.framework], [added.framework_added.framework]);
    await live.do({ do: 'framework is removed', framework: 'marathon' });
    const all = (await eventsOf(live, stream)).map(({ type, task_updated }) => `${type} ${task_updated?.state ?? ''}`);
    assert.equal(all.at(-1), 'FRAMEWORK_REMOVED ');
    assert.equal(all.at(-2), 'TASK_UPDATED TASK_KILLED');
    const removed = (events: Json[]) =>
      events
        .filter(({ type }) => type === 'FRAMEWORK_REMOVED')
        .map(({ framework_removed }) => framework_removed as Json);
    assertAlike('removed framework', removed(stream.records().map((text) => parse(text) as Json)), removed(recorded));
    stream.close();
  }));

test('it ends with the leader, and followers have none', () =>
  withLive({ scenario: scenarioOf('leader-fails') }, async (live) => {
    const streams = await Promise.all([1, 2].map(() => subscribe(live.masters[0])));
    await Promise.all(streams.map((stream) => stream.until(2)));
    const metrics = await askJSON<Json>(live.masters[0], '/metrics/snapshot');
    assert.equal(metrics['master/operator_event_stream_subscribers'], 2);
    assert.equal((await call(live.masters[1], { type: 'SUBSCRIBE' })).status, 307);
    await live.do({ do: 'leader dies' });
    for (const stream of streams) {
      assert.equal(await stream.ended, 'ECONNRESET');
    }
  }));

test('a restricted principal gets events of agents only; without credentials there is no stream', () =>
  withLive({ scenario: scenarioOf('auth') }, async (live) => {
    const as = (name: string) => ({
      Authorization: `Basic ${Buffer.from(`${name}:${name}-secret`).toString('base64')}`,
    });
    assert.equal((await call(live.masters[0], { type: 'SUBSCRIBE' })).status, 401);
    const limited = await subscribe(live.masters[0], as('limited'));
    const monitor = await subscribe(live.masters[0], as('monitor'));
    await live.setNow(START + 60);
    await monitor.until(10);
    await limited.until(2);
    const types = limited.records().map((text) => (JSON.parse(text) as Json).type as string);
    assert.deepEqual([...new Set(types)], ['SUBSCRIBED', 'HEARTBEAT']);
    assert.deepEqual((JSON.parse(limited.records()[0]) as Json).subscribed.get_state.get_tasks.tasks, []);
    limited.close();
    monitor.close();
  }));

test('one stream more than are allowed, and the oldest is closed in order', () =>
  withLive({ plan: { subscribers: 2 } }, async (live) => {
    const first = await subscribe(live.masters[0]);
    await first.until(2);
    const second = await subscribe(live.masters[0]);
    await second.until(2);
    const third = await subscribe(live.masters[0]);
    await third.until(2);
    assert.equal(await first.ended, 'end');
    const metrics = await askJSON<Json>(live.masters[0], '/metrics/snapshot');
    assert.equal(metrics['master/operator_event_stream_subscribers'], 2);
    second.close();
    third.close();
  }));
