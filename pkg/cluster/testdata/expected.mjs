// Writes the events that the recorded scenes 04-series and 05-subscribe show:
// node pkg/cluster/testdata/expected.mjs. It shares nothing with the code under test.
//
// polled.tsv: by /state alone, every 5 s. streamed.tsv: by the event stream alone; drain.tsv and
// operator-actions.tsv: by the streams of those scenes, with AGENT_REMOVED as a row.
// A row is a task's state: framework ID, task ID, state, Unix seconds in microseconds, and
// the order of the state among the same ones of the task. Where Mesos tells no time (staging, a
// task that is back with its agent) the time is "-". Agents and frameworks are in
// expected.tsv, which is written by hand after EVENTS.tsv.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const captures = new URL('../../../testdata/captures/', import.meta.url);
const here = new URL('./', import.meta.url);
const unpack = (name) => gunzipSync(readFileSync(new URL(name, captures)));

const spell = (state) => state.replace('TASK_', '').toLowerCase();
const micros = (seconds) => String(Math.round(seconds * 1e6));
const away = new Set(['unreachable', 'lost']);
const ended = new Set(['finished', 'failed', 'killed', 'error', 'dropped', 'gone', 'gone_by_operator', 'lost']);

const write = (name, rows) => {
  rows.sort();
  writeFileSync(new URL(name, here), rows.map((row) => row.join('\t') + '\n').join(''));
};

const polled = () => {
  const rows = new Map();
  const states = readdirSync(new URL('04-series/', captures))
    .filter((name) => name.endsWith('-master-state.json.gz'))
    .sort()
    .map((name) => JSON.parse(unpack('04-series/' + name).toString()));
  const begun = new Set(); // what the first answer shows
  let before = new Map(); // the state of each listed task in the answer before
  states.forEach((state, n) => {
    const listed = new Map();
    const show = (key, name, time, order = '') => {
      const id = [...key.split('\n'), name, order].join('\t');
      if (n === 0) {
        begun.add(id);
      } else if (!begun.has(id) && !rows.has(id)) {
        rows.set(id, [...key.split('\n'), name, time]);
      }
    };
    for (const framework of [...state.frameworks, ...state.completed_frameworks]) {
      for (const task of [...framework.tasks, ...framework.unreachable_tasks, ...framework.completed_tasks]) {
        const key = framework.id + '\n' + task.id;
        const name = spell(task.state);
        const completed = framework.completed_tasks.includes(task);
        if (!completed) {
          listed.set(key, name);
        }
        const was = before.get(key);
        if (name === 'staging') {
          show(key, name, '-');
        }
        if (n > 0 && away.has(was) && name === 'running') {
          show(key, name, '-', 'again' + n);
          continue;
        }
        for (const status of task.statuses) {
          const told = spell(status.state);
          if (ended.has(told) && told !== name) {
            continue; // the master ended again what had ended
          }
          // A health check replaces the status of a running task.
          show(key, told, told === 'running' ? '-' : micros(status.timestamp));
        }
      }
    }
    before = listed;
  });
  write('polled.tsv', [...rows.values()]);
};

const streamed = (recording, to) => {
  const stream = unpack(`05-subscribe/${recording}.json.recordio.gz`);
  const records = [];
  for (let at = 0; at < stream.length; ) {
    const newline = stream.indexOf('\n', at);
    const length = Number(stream.subarray(at, newline).toString());
    const record = stream.subarray(newline + 1, newline + 1 + length);
    if (record.length < length) {
      break; // the recording ended in the middle of it
    }
    records.push(JSON.parse(record.toString()));
    at = newline + 1 + length;
  }
  const rows = [];
  const last = new Map(); // state of each task
  for (const record of records) {
    if (record.type === 'SUBSCRIBED') {
      for (const list of Object.values(record.subscribed.get_state.get_tasks)) {
        for (const task of list) {
          last.set(task.framework_id.value + '\n' + task.task_id.value, spell(task.state));
        }
      }
    } else if (record.type === 'TASK_ADDED') {
      const task = record.task_added.task;
      const key = task.framework_id.value + '\n' + task.task_id.value;
      const name = spell(task.state);
      if (name === 'staging' || name === 'running') {
        rows.push([...key.split('\n'), name, '-']);
      } else {
        rows.push([...key.split('\n'), name, micros(task.statuses.at(-1).timestamp)]);
      }
      last.set(key, name);
    } else if (record.type === 'AGENT_REMOVED' && recording !== 'subscribe') {
      rows.push(['agent', record.agent_removed.agent_id.value, 'removed', '-']);
    } else if (record.type === 'TASK_UPDATED') {
      const { framework_id: framework, status, state } = record.task_updated;
      const key = framework.value + '\n' + status.task_id.value;
      const name = spell(status.state);
      if (last.get(key) === name || (ended.has(name) && name !== spell(state))) {
        continue; // the result of a health check, or the master ended again what had ended
      }
      rows.push([...key.split('\n'), name, name === 'running' ? '-' : micros(status.timestamp)]);
      last.set(key, name);
    }
  }
  write(to, rows);
};

polled();
streamed('subscribe', 'streamed.tsv');
streamed('subscribe-drain', 'drain.tsv');
streamed('subscribe-operator-actions', 'operator-actions.tsv');
