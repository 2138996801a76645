import type { Fault } from '../faults.ts';
import type { Scenario } from './scenario.ts';

/** Seconds from the beginning: when a fault begins and ends. */
const BEGINS = 30;
const ENDS = 75;

function scenario(name: string, about: string, fault: Fault): Scenario {
  return {
    ...{ name, about, length: 240, plan: { deploys: 20 } },
    steps: [
      { at: BEGINS, do: 'disturb', on: 'masters', name: 'stream', fault },
      { at: ENDS, do: 'disturb', on: 'masters', name: 'stream', fault: null },
    ],
  };
}

/** What can happen to the event stream; services are deployed all the time, so that it tells much. */
export default [
  scenario('stream-cut', 'the event stream is cut every three seconds', { kind: 'stream-cut', seconds: 3 }),
  scenario('stream-half', 'the event stream ends in the middle of a record, again and again', {
    ...{ kind: 'stream-half', seconds: 5 },
  }),
  scenario('stream-long', 'the event stream has records of 100 MB', {
    ...{ kind: 'stream-long', seconds: 5, bytes: 100_000_000 },
  }),
  scenario('stream-slow', 'the event stream comes slower than things happen', {
    ...{ kind: 'stream-slow', bytesPerSecond: 1_000 },
  }),
  scenario('stream-silent', 'the event stream stalls, and tells everything at last', {
    ...{ kind: 'stream-slow', bytesPerSecond: 0 },
  }),
  scenario('stream-repeat', 'the event stream has each record twice', { kind: 'stream-repeat' }),
  {
    name: 'stream-leaders',
    about: 'one leader after the other dies, and each event stream with it',
    plan: { deploys: 20, masters: 3, sessionTimeout: 3, reregistration: 3 },
    length: 240,
    steps: [
      { at: 30, do: 'leader dies' },
      { at: 42, do: 'masters start' },
      { at: 55, do: 'leader dies' },
      { at: 67, do: 'masters start' },
    ],
  },
] satisfies Scenario[] as Scenario[];
