// The attacks of the hostile-viewer suite, as data. run.ts sends them; stage.ts has the clusters behind the data sources.
//
// To add one: a row with a name, the requests of a round, and what is expected. Rounds are repeated for SUSTAINED (run.ts).
import os from 'node:os';
import path from 'node:path';

import {
  ask,
  builder,
  compile,
  events,
  fits,
  instant,
  logs,
  type Query,
  range,
  type Request,
  resource,
  sql,
  times,
  topology,
  variable,
} from './requests.ts';
import { HUGE_AGENT, TASKS as WITH_FILES } from './sandboxes.ts';
import { SLOW, type Statement, statementsOn } from './statements.ts';

export interface Attack {
  /** Unique; `--only TEXT` selects by a part of it. */
  name: string;
  /** The point of issue 10 it belongs to, or `own`. */
  of: 'A1' | 'A2' | 'A3' | 'A4' | 'A5' | 'A6' | 'own';
  /** The requests of one round, all sent at once. */
  requests: () => Request[];
  /** `answered`: all must be; `refused`: none may be; absent: each is one or the other. */
  expect?: 'answered' | 'refused';
  /** For each request a text that the error of its refusal has in it. */
  says?: string[];
  /** Seconds within which each request must have ended. Default: DEADLINE. */
  deadline?: number;
  /** Milliseconds after which the client closes the connection without waiting for the answer. */
  cancelAfter?: number;
}

/** Seconds: what a browser and Grafana's rules wait for (a query has 25 s at most). */
export const DEADLINE = 30;

/** Seconds within which something that is too large by its text alone is refused. */
const AT_ONCE = 3;

/** Seconds within which a regular expression is refused, or has been matched. */
const BUDGETED = 5;

/** Compiles to about 1,000 instructions for each 9 characters. */
const classes = (n: number) => `${'.{0,1000}'.repeat(n)}[0-9]`;

const TASKS = 'mesos_task_cpus_allocated';

/** 2.7 kB and 13.5 kB, as in the issue. */
const SHORT = classes(300);
const LONG = classes(1500);

/** Patterns that match nothing, and differ. */
const patterns = (n: number, bytes: number) => times(n, (i) => `${classes(Math.floor(bytes / 9))}x${i}`);

const agents = (n: number) => times(n, (i) => `agent${String(i).padStart(5, '0')}.example.com`);

const nested = (levels: number, open: string, inner: string, close: string) =>
  open.repeat(levels) + inner + close.repeat(levels);

/** A query whose filters are lists in lists. Text, because JSON.stringify would need as deep a stack. */
function deep(levels: number): Request {
  const request = ask(builder({ filters: 'here' }));
  return { ...request, body: JSON.stringify(request.body).replace('"here"', nested(levels, '[', '', ']')) };
}

const regular: Attack[] = [
  { of: 'A1', name: 'regex of 2.7 kB in PromQL', requests: () => [ask(range(`count({task_id=~"${SHORT}"})`))] },
  { of: 'A1', name: 'regex of 13.5 kB in PromQL', requests: () => [ask(instant(`count({task_id=~"${LONG}"})`))] },
  {
    of: 'A1',
    name: 'regex of 2.7 kB, 16 at once, instant',
    requests: () => times(16, (i) => ask(instant(`count({task_id=~"${SHORT}${i}"})`))),
  },
  {
    of: 'A1',
    name: 'regex that nests repetitions',
    requests: () => [ask(instant(`count({task_id=~"${nested(2, '(', '.{0,9}', '){0,9}').repeat(90)}"})`))],
  },
  {
    of: 'A1',
    name: '30 matchers with a regex of 450 bytes each',
    requests: () => [ask(instant(`{${times(30, (i) => `task_id=~"${classes(50)}${i}"`).join(',')}}`))],
  },
  {
    of: 'A1',
    name: 'regex with alternatives of prefixes and suffixes',
    requests: () => [ask(instant(`count({task_id=~"${times(800, (i) => `.*a${i}.*b`).join('|')}",__name__=~".+"})`))],
  },
  {
    of: 'A1',
    name: 'regex in a builder filter',
    requests: () => [ask(builder({ filters: [{ label: 'task', operator: '=~', value: LONG }] }))],
  },
  {
    of: 'A1',
    name: 'regex in an ad-hoc filter',
    requests: () => [
      ask(range(`sum(${TASKS})`, { adhocFilters: [{ key: 'task_id', operator: '=~', value: LONG }] })),
      ask(builder({ adhocFilters: [{ key: 'task', operator: '!~', value: LONG }] })),
    ],
  },
  {
    of: 'A1',
    name: 'regex in match of labels and label-values',
    requests: () => [
      resource('labels', { match: `{task_id=~"${SHORT}"}` }),
      resource('label-values', { label: 'task_id', match: `{task_id=~"${SHORT}"}` }),
      resource('label-values', { label: '__name__', match: `{task_id!~"${SHORT}"}` }),
    ],
  },
  {
    of: 'A1',
    name: 'regex in variable queries',
    requests: () => [
      ask(variable({ labelValues: { label: 'task_id', match: `{task_id=~"${LONG}"}` } })),
      ask(variable({ entities: { entity: 'task', filters: [{ label: 'task', operator: '=~', value: LONG }] } })),
      ask(variable({ promql: `{task_id=~"${LONG}"}` })),
    ],
  },
  {
    of: 'A1',
    name: 'regex in label_replace',
    requests: () => [ask(range(`count(label_replace(${TASKS}, "x", "$1", "task_id", "(${SHORT})"))`))],
  },
  {
    of: 'A1',
    name: 'regex on 100,000 current tasks',
    requests: () => [ask(instant(`count(${TASKS}{task_id=~"${SHORT}"})`, { uid: 'large' }))],
  },
];

const size: Attack[] = [
  {
    of: 'A2',
    name: '20 patterns of 13.5 kB in filters',
    deadline: AT_ONCE,
    requests: () => [
      ask(builder({ filters: patterns(20, 13_500).map((value) => ({ label: 'task', operator: '=~', value })) })),
    ],
  },
  {
    of: 'A2',
    name: '20 patterns of 13.5 kB as one list, cancelled after 500 ms',
    cancelAfter: 500,
    requests: () => [ask(builder({ filters: [{ label: 'task', operator: '=~', value: patterns(20, 13_500) }] }))],
  },
  {
    of: 'A2',
    name: '20 patterns of 13.5 kB in resource compile',
    deadline: AT_ONCE,
    requests: () => [compile(builder({ filters: [{ label: 'task', operator: '=~', value: patterns(20, 13_500) }] }))],
  },
  {
    of: 'A2',
    name: '120,000 groupBy entries',
    expect: 'refused',
    deadline: AT_ONCE,
    requests: () => [ask(builder({ groupBy: times(120_000, () => 'task') }))],
  },
  {
    of: 'A2',
    name: '120,000 groupBy entries, all different',
    expect: 'refused',
    deadline: AT_ONCE,
    requests: () => [ask(builder({ groupBy: times(120_000, (i) => `attr_${i}`) }))],
  },
  {
    of: 'A2',
    name: '300,000 values in a filter',
    deadline: AT_ONCE,
    requests: () => [ask(builder({ filters: [{ label: 'task', operator: '=', value: times(300_000, String) }] }))],
  },
  {
    of: 'A2',
    name: '20,000 filters',
    deadline: AT_ONCE,
    requests: () => [
      ask(builder({ filters: times(20_000, (i) => ({ label: 'task', operator: '!=', value: `a${i}` })) })),
    ],
  },
  {
    of: 'A2',
    name: '20,000 ad-hoc filters',
    deadline: AT_ONCE,
    requests: () => [
      ask(
        range(`sum(${TASKS})`, {
          adhocFilters: times(20_000, (i) => ({ key: 'task_id', operator: '!=', value: `a${i}` })),
        })
      ),
    ],
  },
  {
    of: 'A2',
    name: 'expression of 10 MB',
    expect: 'refused',
    deadline: AT_ONCE,
    requests: () => [ask(range('1 + '.repeat(2_500_000) + '1'))],
  },
  {
    of: 'A2',
    name: 'filter value of 10 MB',
    deadline: AT_ONCE,
    requests: () => [ask(builder({ filters: [{ label: 'task', operator: '=', value: 'x'.repeat(10_000_000) }] }))],
  },
  {
    of: 'A2',
    name: '8 requests of 10 MB at once',
    deadline: 2 * AT_ONCE,
    requests: () => times(8, () => ask(range('mesos_up', { note: 'x'.repeat(10_000_000) }))),
  },
  {
    of: 'A2',
    name: '200,000 unknown keys',
    deadline: AT_ONCE,
    requests: () => [ask(range('mesos_up', Object.fromEntries(times(200_000, (i) => [`key${i}`, i]))))],
  },
  {
    of: 'A2',
    name: 'JSON nested 9,000 levels deep',
    deadline: AT_ONCE,
    requests: () => [deep(9_000)],
  },
  {
    of: 'A2',
    name: 'lists of long values times many operands',
    deadline: AT_ONCE,
    requests: () => [
      ask(
        builder({
          ...{ entity: 'agent', measure: 'free', aggregate: 'max', groupBy: ['attr_rack', 'attr_zone'] },
          filters: times(100, (i) => ({ label: 'agent', operator: '=', value: times(1000, (j) => `a${i}-${j}`) })),
        })
      ),
    ],
  },
  {
    of: 'A2',
    name: 'All of 10,000 agents in the builder (must work)',
    expect: 'answered',
    requests: () => [
      ask(
        builder({
          ...{ uid: 'large', entity: 'agent', groupBy: [] },
          filters: [{ label: 'agent', operator: '=', value: agents(10_000) }],
        }),
        { from: 'now-15m', to: 'now' }
      ),
    ],
  },
  {
    of: 'A2',
    name: 'All of 10,000 agents in PromQL (must work)',
    expect: 'answered',
    requests: () => [
      ask(
        instant(`sum(mesos_agent_cpus_allocated{agent=~"(${agents(10_000).join('|').replaceAll('.', '\\\\.')})"})`, {
          uid: 'large',
        })
      ),
    ],
  },
];

/** Panels of an ordinary dashboard, all over the range. */
const LIGHT = [
  `sum by (framework) (${TASKS})`,
  `sum by (role) (mesos_task_memory_allocated_bytes)`,
  'sum by (framework) (mesos_framework_cpus_allocated)',
];

const many: Attack[] = [
  {
    of: 'A3',
    name: '150 light queries at once',
    requests: () => times(150, (i) => ask(range(LIGHT[i % LIGHT.length]))),
  },
  {
    of: 'A3',
    name: '150 queries at once that claim to be of an expression',
    requests: () =>
      times(150, (i) => ({
        ...ask(range(LIGHT[i % LIGHT.length])),
        headers: { 'X-Grafana-From-Expr': 'true' },
      })),
  },
  {
    of: 'A3',
    name: '60 queries in one request',
    requests: () => [ask(times(60, (i) => range(LIGHT[i % LIGHT.length])))],
  },
  {
    of: 'A3',
    name: '60 queries in each of 8 requests',
    requests: () => times(8, () => ask(times(60, (i) => range(LIGHT[i % LIGHT.length])))),
  },
  {
    of: 'A3',
    name: '5,000 queries in one request',
    requests: () => [ask(times(5_000, () => instant('mesos_up')))],
  },
  {
    of: 'A3',
    name: '100 label-values and 50 labels at once',
    requests: () => [
      ...times(100, (i) => resource('label-values', { label: 'task_id', start: String(i + 1) })),
      ...times(50, () => resource('labels')),
    ],
  },
  {
    of: 'A3',
    name: '100 label-values with a match at once',
    requests: () =>
      times(100, (i) =>
        resource('label-values', { label: 'task_id', match: `{__name__=~"mesos_task.*",task_id!="${i}"}` })
      ),
  },
  {
    of: 'A3',
    name: '100 variable queries at once',
    requests: () =>
      times(100, (i) =>
        ask(
          [
            variable({ labelValues: { label: 'task_id', match: TASKS } }),
            variable({ entities: { entity: 'task', field: 'id' } }),
            variable({ promql: TASKS }),
          ][i % 3]
        )
      ),
  },
  {
    of: 'A3',
    name: '60 heavy queries, each cancelled after 300 ms',
    cancelAfter: 300,
    requests: () => times(60, (i) => ask(range(`quantile_over_time(0.${i + 10}, ${TASKS}[3h])`))),
  },
  {
    of: 'A3',
    name: 'status, catalogue and health, 100 of each at once',
    requests: () => [
      ...times(100, () => resource('status')),
      ...times(100, () => resource('catalogue')),
      ...times(100, (): Request => ({ method: 'GET', path: '/api/datasources/uid/mesos/health' })),
    ],
  },
];

const tables: Attack[] = [
  {
    of: 'A4',
    name: 'table over the range with 1.4 million rows or more',
    requests: () => [ask(range(TASKS, { format: 'table' }))],
  },
  {
    of: 'A4',
    name: 'the same table 8 times at once',
    requests: () => times(8, () => ask(range(TASKS, { format: 'table' }))),
  },
  {
    of: 'A4',
    name: 'the same table from the builder, grouped by task and agent',
    requests: () => [ask(builder({ format: 'table', groupBy: ['task', 'agent'] }))],
  },
  {
    of: 'A4',
    name: 'the same table, closed after 200 ms',
    cancelAfter: 200,
    requests: () => times(4, () => ask(range(TASKS, { format: 'table' }))),
  },
  {
    of: 'A4',
    name: 'every series of every task as curves',
    requests: () => times(4, () => ask(range('{__name__=~"mesos_task.*"}'))),
  },
];

const current: Attack[] = [
  {
    of: 'A5',
    name: 'topk of 100,000 current tasks, 8 at once',
    requests: () => times(8, () => ask(instant(`topk(5, ${TASKS})`, { uid: 'large' }))),
  },
  {
    of: 'A5',
    name: 'topk of 100,000 current tasks, 8 in one request',
    requests: () => [ask(times(8, (i) => instant(`topk(${i + 1}, ${TASKS})`, { uid: 'large' })))],
  },
  {
    of: 'A5',
    name: '100,000 current tasks as a table, 8 at once',
    requests: () => times(8, () => ask(instant(TASKS, { uid: 'large', format: 'table' }))),
  },
  {
    of: 'A5',
    name: '100,000 current tasks grouped by id in the builder, 8 at once',
    requests: () => times(8, () => ask(builder({ uid: 'large', instant: true, groupBy: ['task_id'] }))),
  },
  {
    of: 'A5',
    name: 'every current series of 100,000 tasks',
    requests: () => times(4, () => ask(instant('count by (__name__) ({__name__=~"mesos_task.*"})', { uid: 'large' }))),
  },
  {
    of: 'A5',
    name: 'variables and label-values of 100,000 current tasks',
    requests: () => [
      ...times(4, () => ask(variable({ entities: { entity: 'task', field: 'id' } }, { uid: 'large' }))),
      ...times(4, () => ask(variable({ promql: TASKS }, { uid: 'large' }))),
      ...times(4, () => resource('label-values', { label: 'task_id', match: TASKS }, 'large')),
    ],
  },
  ...Object.entries({
    'joins of 100,000 current tasks with themselves': `count(${TASKS} * on (task_id) mesos_task_memory_allocated_bytes)`,
    'ratios of 100,000 current sums by task': `count(sum by (task_id) (${TASKS}) / sum by (task_id) (mesos_task_memory_allocated_bytes))`,
    'many-to-one joins and labels of 100,000 current tasks': `count(label_replace(${TASKS}, "x", "$1", "task", "(.*)") * on (cluster, agent_id) group_left (version) mesos_agent_info)`,
  }).map(([name, expr]): Attack => ({
    of: 'A5',
    name,
    requests: () => times(4, () => ask(instant(expr, { uid: 'large' }))),
  })),
];

/** Over all history, at the finest step. */
const heavy = (expr: string, more: Query = {}) => ask(range(expr, { maxDataPoints: 11_000, intervalMs: 1, ...more }));

const own: Attack[] = [
  {
    of: 'own',
    name: 'subquery of 200 years',
    requests: () => [ask(instant(`max_over_time(${TASKS}[200y:1s])`))],
  },
  {
    of: 'own',
    name: 'subqueries in subqueries',
    requests: () => [
      ask(instant(`count(max_over_time(max_over_time(max_over_time(${TASKS}[6h:15s])[6h:15s])[6h:15s]))`)),
    ],
  },
  {
    of: 'own',
    name: 'subquery of constants',
    requests: () => times(8, () => ask(range('sum_over_time(vector(time())[6h:50ms])'))),
  },
  {
    of: 'own',
    name: 'functions over six hours at every point, 9 at once',
    requests: () =>
      ['quantile_over_time(0.5, X[6h])', 'stddev_over_time(X[6h])', 'sum(predict_linear(X[6h], 3600))'].flatMap(
        (expr) => times(3, () => heavy(expr.replace('X', TASKS)))
      ),
  },
  {
    of: 'own',
    name: 'CPU time without samples: 300 subqueries of constants in a sum, 8 in one request',
    requests: () => [
      ask(
        times(8, () =>
          range(times(300, () => 'stddev_over_time(vector(time())[2h:1s])').join('+'), {
            ...{ interval: '1s', intervalMs: 1000, maxDataPoints: 11_000 },
          })
        ),
        { from: 'now-2h', to: 'now' }
      ),
    ],
  },
  {
    of: 'own',
    name: 'label names of 15,000 bytes on 100,000 current tasks',
    requests: () =>
      [
        `count(label_join(${TASKS}, "${'x'.repeat(15_000)}", "", "task_id"))`,
        `count(label_replace(${TASKS}, "${'x'.repeat(15_000)}", "$1", "task_id", "(.*)"))`,
        `count(count_values("${'x'.repeat(15_000)}", mesos_task_start_time_seconds))`,
      ].map((expr) => ask(instant(expr, { uid: 'large' }))),
  },
  {
    of: 'own',
    name: '49,000 unknown keys, 8 at once',
    deadline: BUDGETED,
    requests: () =>
      times(8, () =>
        ask(instant('1', Object.fromEntries(times(49_000, (i) => [`${String(i).padStart(5, '0')}zzz`, 1]))))
      ),
  },
  {
    of: 'own',
    name: '50 regular expressions in each of 6 look-ups of label values',
    requests: () =>
      times(6, (n) =>
        resource('label-values', {
          label: 'task_id',
          match: times(50, (i) => `{__name__=~".+",task_id=~".{0,${490 - i}}.{0,490}[A-Z]",framework!="${n}-${i}"}`),
        })
      ),
  },
  {
    of: 'own',
    name: 'resource compile with two lists of 9,999 values, 30 at once',
    requests: () => {
      const value = times(9_999, (i) => `${'a'.repeat(70)}${String(i).padStart(6, '0')}`);
      const query = builder({
        ...{ entity: 'agent', measure: 'free', aggregate: 'max', groupBy: ['attr_rack', 'attr_zone'], top: 3 },
        filters: ['agent', 'agent_id'].map((label) => ({ label, operator: '=', value })),
      });
      return times(30, () => compile(query));
    },
  },
  {
    of: 'own',
    name: 'nested label_replace that doubles a label 30 times',
    requests: () => [
      ask(
        instant(
          times(30, (i) => i).reduce(
            (inner) => `label_replace(${inner}, "x", "$1$1", "x", "(.*)")`,
            `label_replace(${TASKS}, "x", "0123456789", "", "")`
          )
        )
      ),
    ],
  },
  {
    of: 'own',
    name: 'label_join of every label with itself',
    requests: () => [
      ask(instant(`label_join(${TASKS}, "x", "${'-'.repeat(1000)}", ${times(500, () => '"task_id"').join(', ')})`)),
    ],
  },
  {
    of: 'own',
    name: 'count_values with a long label name over the range',
    requests: () => [
      ask(range(`count_values("${'x'.repeat(5000)}", mesos_task_start_time_seconds)`)),
      ask(range(`count_values by (task_id, agent, framework) ("v", mesos_task_memory_allocated_bytes)`)),
    ],
  },
  {
    of: 'own',
    name: 'absent_over_time of 50 selectors',
    requests: () => [
      ask(range(times(50, (i) => `absent_over_time({task_id="${i}",__name__=~"mesos.*"}[6h])`).join(' or '))),
    ],
  },
  {
    of: 'own',
    name: 'cross joins',
    requests: () => [
      ask(range(`${TASKS} * on () group_left () mesos_task_memory_allocated_bytes`)),
      ask(range(`${TASKS} * on (cluster) group_left (task_id) mesos_task_memory_allocated_bytes`)),
      ask(range(`${TASKS} and on (cluster) mesos_task_memory_allocated_bytes`)),
      ask(range(`${TASKS} * on (framework_id) group_left (principal, user) mesos_framework_info`)),
    ],
  },
  {
    of: 'own',
    name: 'unions of every series',
    requests: () => [ask(range(times(40, (i) => `({__name__=~".+",cluster!="${i}"} + ${i})`).join(' or ')))],
  },
  {
    of: 'own',
    name: 'every series there is, by name',
    requests: () => times(4, () => ask(range('{__name__=~".+"}'))),
  },
  {
    of: 'own',
    name: 'expression of 15,000 signs and of 3,000 brackets',
    requests: () => [ask(instant(`${'-'.repeat(15_000)}1`)), ask(instant(nested(3_000, '(', '1', ')')))],
  },
  {
    of: 'own',
    name: '1,500 aggregations in a chain',
    requests: () => [ask(range(times(1_500, () => 'sum(a)').join('+'))), ask(range(nested(400, 'sum(', TASKS, ')')))],
  },
  {
    of: 'own',
    name: 'time ranges that nobody means',
    requests: () => [
      heavy(TASKS, { interval: '1ms' }),
      ask(range(TASKS, { maxDataPoints: 1e15, intervalMs: -1 }), { from: '0', to: '9999999999999' }),
      ask(range(TASKS, { maxDataPoints: -5, interval: '1ns' }), { from: '-9223372036854775', to: '9223372036854775' }),
      ask(range(TASKS), { from: 'now', to: 'now-6h' }),
      ask(range(`${TASKS} offset -290y @ 1e18`)),
      ask(builder({ forecast: '290y', groupBy: [] })),
      ask(builder({ top: 1e9, rate: true })),
    ],
  },
  {
    of: 'own',
    name: 'legend of 1 MB over every task',
    requests: () => [
      ask(range(TASKS, { legendFormat: `${'{{task_id}}-'.repeat(80_000)}` })),
      ask(instant(TASKS, { legendFormat: 'x'.repeat(1_000_000) })),
      ask(variable({ promql: TASKS }, { legendFormat: `${'{{task_id}}-'.repeat(80_000)}` })),
    ],
  },
  {
    of: 'own',
    name: 'parameters of resources that nobody means',
    requests: () => [
      resource('label-values', { label: 'task_id', limit: '1e12', start: '-1e300', end: '1e300' }),
      resource('label-values', { label: 'task_id', search: 'x'.repeat(500_000) }),
      resource('labels', { match: times(5_000, (i) => `{a${i}="b"}`) }),
      resource('label-values', { label: 'x'.repeat(500_000) }),
      resource('label-values', { label: '\0', match: '{' }),
      resource('../../../etc/passwd'),
      { ...compile(builder({})), body: 'null' },
      { ...compile(builder({})), body: '[]' },
    ],
  },
  {
    of: 'own',
    name: 'queries of every wrong type of JSON',
    requests: () => [
      ...[null, true, 1e308, 'x', [], {}].flatMap((value) => [
        ask(range(value as string)),
        ask(builder({ groupBy: value, filters: value, top: value, entity: value })),
        ask({ queryType: 'variable', variable: value }),
      ]),
    ],
  },
];

/** The event log, of the data source whose cluster has the most tasks. */
const log: Attack[] = [
  {
    of: 'own',
    name: 'events: regex of 13.5 kB, and 50 regexes of 450 bytes',
    expect: 'refused',
    deadline: BUDGETED,
    requests: () => [
      ask(events({ filters: [{ label: 'task_id', operator: '=~', value: LONG }] })),
      ask(events({ filters: patterns(50, 450).map((value) => ({ label: 'task_id', operator: '=~', value })) })),
    ],
  },
  {
    of: 'own',
    name: 'events: lists of 10,000 values, 8 at once',
    requests: () =>
      times(8, (i) =>
        ask(
          events({
            uid: 'large',
            format: ['table', 'annotations', 'timeline', 'count'][i % 4],
            filters: [{ label: 'task_id', operator: i % 2 ? '=' : '!=', value: agents(10_000) }],
          })
        )
      ),
  },
  {
    of: 'own',
    name: 'events: 64 of the longest answers at once',
    requests: () =>
      times(64, (i) =>
        ask(
          events({
            uid: 'large',
            format: ['table', 'annotations', 'timeline'][i % 3],
            limit: i % 3 === 2 ? 1000 : 10_000,
            filters: [{ label: 'message', operator: '!~', value: `.*x.{0,${100 + i}}y` }],
          }),
          { from: 'now-10y', to: 'now' }
        )
      ),
  },
  {
    of: 'own',
    name: 'events: counts by every field, 32 at once',
    requests: () =>
      times(32, () =>
        ask(
          events({
            uid: 'large',
            format: 'count',
            groupBy: ['task_id', 'task', 'message', 'agent_id', 'framework_id', 'reason', 'label_x', 'event', 'kind'],
          }),
          { from: 'now-10y', to: 'now' }
        )
      ),
  },
  {
    of: 'own',
    name: 'events: every wrong type of JSON',
    requests: () =>
      [null, true, 1e308, 'x', [], {}, [[]]].flatMap((value) => [
        ask(events({ kinds: value, severity: value, groupBy: value, format: value })),
        ask(events({ filters: value, limit: value })),
        ask(events({ format: 'count', groupBy: value, filters: [{ label: value, operator: value, value }] })),
      ]),
  },
];

/** Files that are none of a task's logs. */
const FILES = [
  ...[
    '/etc/passwd',
    '/etc/x.log',
    '../stdout',
    '../../../../../../../../etc/x.log',
    'logs/../../stdout',
    '..',
    '.',
    '',
  ],
  ...['stdout/../../x.log', './stdout', '..\\x.log', 'a\u0000.log', '%2e%2e/x.log', '.ssh/x.log', 'x'.repeat(1 << 20)],
  ...[
    'file:///etc/x.log',
    '//host/x.log',
    'http://169.254.169.254/x.log',
    'x.log?path=/etc/passwd',
    'x.log#',
    '~/x.log',
  ],
];

const LOGS = { taskId: 'task-0', frameworkId: 'framework-0', agentId: 'agent-0' };

/** Logs of tasks, with a data source that lets Viewers read them; its agents do not answer. */
const sandboxes: Attack[] = [
  {
    of: 'own',
    name: 'logs: files outside of the sandbox, and of other agents',
    requests: () => [
      ...FILES.flatMap((file) => [
        ask(logs({ ...LOGS, file })),
        resource('logs/files', { ...LOGS, directory: file.slice(0, 4096) || '/' }),
      ]),
      ...['169.254.169.254', '127.0.0.1:22', 'localhost', '../S0', ''].map((agentId) =>
        ask(logs({ ...LOGS, agentId }))
      ),
    ],
    expect: 'refused',
    deadline: BUDGETED,
  },
  {
    of: 'own',
    name: 'logs: regular expressions, and every wrong type of JSON',
    requests: () => [
      ...[SHORT, '((a{0,100}){0,100}){0,100}', '('.repeat(500), '\\pL'.repeat(200)].map((pattern) =>
        ask(logs({ ...LOGS, filter: `/${pattern}/` }))
      ),
      ...[null, true, -1, 1e308, [], {}, [[]]].flatMap((value) => [
        ask(logs({ taskId: value, file: value, filter: value })),
        ask(logs({ ...LOGS, limit: value, before: value, after: value, live: value })),
      ]),
      resource('logs/tasks', { limit: '-1' }),
      resource('logs/tasks', { limit: '1e9' }),
    ],
    expect: 'refused',
    deadline: BUDGETED,
  },
  {
    of: 'own',
    name: 'logs: 64 lists of tasks at once, of a large cluster',
    requests: () => times(64, (i) => resource('logs/tasks', { search: `${i}`, limit: '1000000' })),
    expect: 'answered',
  },
];

/** Of one data source whose agents have such files. */
const ofFiles = (name: string, at: number, make: (task: string, i: number) => Query, more: Partial<Attack> = {}) => ({
  ...{ of: 'own' as const, name: `logs: ${name}`, ...more },
  requests: () => times(at, (i) => ask(logs({ uid: 'files', ...make(WITH_FILES[i % WITH_FILES.length], i) }))),
});

const files: Attack[] = [
  ofFiles('lines of 100 MB, 16 at once', 16, (_, i) => ({
    ...{ taskId: 'long-lines', limit: 5000 },
    ...[{}, { filter: '/x{1000}y/' }, { before: 250e6 }, { after: 1 }][i % 4],
  })),
  ofFiles('16 tails at once', 16, (taskId) => ({ taskId, live: true })),
  ofFiles('64 of the longest answers at once', 64, () => ({ taskId: 'short-lines', limit: 5000 })),
  ofFiles('files whose answers are endless, larger than asked for, or false', 32, (taskId, i) => ({
    ...{ taskId, limit: 5000, file: ['stdout', 'stderr'][i % 2] },
  })),
  // Within what a pattern may compile to, and slow on each line of 16 KiB.
  ofFiles('slow filters on long and many lines, 16 at once', 16, (_, i) => ({
    ...{ taskId: i % 2 === 0 ? 'long-lines' : 'short-lines', limit: 5000, live: i % 4 === 3 },
    filter: ['/(?:.?){660}\\x{1F600}/', '/(.*.){20}\\x{1F600}/', '/(?:[a-z]|[^q]){0,600}\\x{1F600}/', 'x'.repeat(1024)][
      Math.floor(i / 2) % 4
    ],
  })),
  ofFiles(
    'filters of 1 MiB, 8 at once',
    8,
    (taskId, i) => ({ taskId, filter: i % 2 === 0 ? 'x'.repeat(1 << 20) : `/${'x?'.repeat(1 << 19)}/` }),
    { expect: 'refused', deadline: AT_ONCE }
  ),
  ofFiles('heavy patterns on long lines', 8, () => ({ taskId: 'long-lines', filter: `/${SHORT.slice(0, 900)}/` })),
  ofFiles(
    'made-up paths on an agent that answers every path',
    FILES.length,
    (taskId, i) => ({ taskId, file: FILES[i] || '../../etc/passwd' }),
    { deadline: BUDGETED }
  ),
  {
    ...{ of: 'own', name: 'logs: lists of files, of directories that lie' },
    requests: () =>
      WITH_FILES.flatMap((taskId) =>
        ['', 'logs', '../..', '/etc'].map((directory) => resource('logs/files', { taskId, directory }, 'files'))
      ),
  },
  {
    ...{ of: 'own', name: 'logs: /state of an agent of 127 MB, 8 at once' },
    requests: () =>
      times(8, (i) => ask(logs({ uid: 'files', taskId: `huge-${i}`, frameworkId: 'huge', agentId: HUGE_AGENT }))),
  },
];

/** Shapes of tasks that no task has. */
const SHAPES: unknown[] = [
  ...[null, true, 1, 'x', [], [[]], {}, { cpus: null }, { cpus: [] }, { cpus: 'NaN' }, { cpus: 'Infinity' }],
  ...[{ cpus: 1e308 }, { cpus: -1 }, { cpus: 1e-300 }, { cpus: -1e308 }, { cpus: 0 }, { gpus: 1e308, cpus: 1e308 }],
  ...['1e308GiB', '-1GiB', 'NaN', 'GiB', '8', '8XB', `${'9'.repeat(400)}GiB`, `${'9'.repeat(1 << 20)}TiB`].map(
    (memory) => ({ memory })
  ),
  ...[{ memory: `0.${'0'.repeat(400)}1MiB` }, { disk: '1TiB', memory: 1e308 }],
  Object.fromEntries(times(40_000, (i) => [`resource${i}`, 1])),
];

const SHAPE = { cpus: 0.1, memory: '128MiB', disk: '1GiB', gpus: 1 };

const room: Attack[] = [
  {
    ...{ of: 'own', name: 'fits: shapes that no task has', expect: 'refused', deadline: BUDGETED },
    requests: () => SHAPES.flatMap((shape) => [ask(fits(shape)), ask(fits(shape, { instant: true, uid: 'large' }))]),
  },
  {
    ...{ of: 'own', name: 'fits: groupBy of 10,000', expect: 'refused', deadline: AT_ONCE },
    requests: () => [
      ask(fits(SHAPE, { groupBy: times(10_000, (i) => `attr_${i}`) })),
      ask(fits(SHAPE, { groupBy: times(10_000, () => 'agent') })),
    ],
  },
  {
    ...{ of: 'own', name: 'fits: filters with heavy patterns', deadline: BUDGETED },
    requests: () =>
      [SHORT, LONG, nested(2, '(', '.{0,9}', '){0,9}').repeat(90)].flatMap((value) =>
        ['agent', 'attr_rack'].map((label) =>
          ask(fits(SHAPE, { uid: 'large', instant: true, filters: [{ label, operator: '=~', value }] }))
        )
      ),
  },
  {
    ...{ of: 'own', name: 'fits: four resources of each agent over six hours at the finest step, 16 at once' },
    requests: () =>
      times(16, (i) =>
        ask(
          fits(
            { ...SHAPE, cpus: 0.1 + i / 10 },
            { entity: 'agent', groupBy: ['agent'], maxDataPoints: 11_000, intervalMs: 1 }
          )
        )
      ),
  },
  {
    ...{ of: 'own', name: 'fits: four resources of 5,000 agents, 16 at once' },
    requests: () =>
      times(16, (i) =>
        ask(fits(SHAPE, { uid: 'large', instant: true, groupBy: i % 2 ? ['agent'] : ['attr_rack', 'agent_id'] }))
      ),
  },
  {
    ...{ of: 'own', name: 'fits: lists of 9,999 values in each of 26 selectors, 30 at once' },
    requests: () => {
      const filters = ['agent', 'agent_id'].map((label) => ({ label, operator: '=', value: agents(9_999) }));
      return times(30, (i) =>
        i % 2 ? compile(fits(SHAPE, { filters })) : ask(fits(SHAPE, { filters, uid: 'large', instant: true }))
      );
    },
  },
  {
    ...{ of: 'own', name: 'fits: forecasts of centuries, top and rates that nobody means' },
    requests: () => [
      ask(fits(SHAPE, { forecast: '290y' })),
      ask(fits(SHAPE, { forecast: '6h', groupBy: ['agent'], maxDataPoints: 11_000, intervalMs: 1 })),
      ask(fits(SHAPE, { top: 1e9 })),
      ask(fits(SHAPE, { rate: true })),
      ask(fits(SHAPE, { aggregate: 'x'.repeat(1 << 20) })),
    ],
  },
];

const graphs: Attack[] = [
  {
    ...{ of: 'own', name: 'topology of 100,000 tasks, 8 at once', expect: 'answered' },
    requests: () =>
      times(8, (i) =>
        ask(
          topology({
            uid: 'large',
            groupBy: [
              ['task', 'agent'],
              ['framework', 'role', 'agent', 'task'],
              ['task', 'framework', 'attr_rack'],
              ['role', 'task'],
            ][i % 4],
          })
        )
      ),
  },
  {
    ...{ of: 'own', name: 'topology of 100,000 tasks, 64 at once' },
    requests: () => times(64, () => ask(topology({ uid: 'large', groupBy: ['task', 'framework', 'agent'] }))),
  },
  {
    ...{ of: 'own', name: 'topology of 100,000 tasks, closed after 100 ms', cancelAfter: 100 },
    requests: () => times(8, () => ask(topology({ uid: 'large', groupBy: ['framework', 'agent', 'task'] }))),
  },
  {
    ...{ of: 'own', name: 'topology: groupBy of 10,000', expect: 'refused', deadline: AT_ONCE },
    requests: () => [
      ask(topology({ groupBy: times(10_000, (i) => `attr_${i}`) })),
      ask(topology({ groupBy: times(10_000, () => 'task') })),
    ],
  },
  {
    ...{ of: 'own', name: 'topology: filters with heavy patterns', deadline: BUDGETED },
    requests: () => [
      ...[SHORT, LONG].flatMap((value) =>
        ['task', 'agent', 'attr_rack'].map((label) =>
          ask(topology({ uid: 'large', filters: [{ label, operator: '=~', value }] }))
        )
      ),
      ask(
        topology({
          uid: 'large',
          filters: patterns(50, 450).map((value) => ({ label: 'task_id', operator: '!~', value })),
        })
      ),
      ask(topology({ uid: 'large', filters: [{ label: 'agent', operator: '=', value: agents(10_000) }] })),
    ],
  },
  {
    ...{ of: 'own', name: 'topology: every wrong type of JSON' },
    requests: () =>
      [null, true, -1, 1e308, 'x', {}, [[]], [null], [{}]].flatMap((value) => [
        ask(topology({ groupBy: value })),
        ask(topology({ filters: value })),
        ask(topology({ filters: [{ label: value, operator: value, value }] })),
      ]),
  },
];

/** Each starts to collect from a cluster in which a tenant chose the names. Last, because collection goes on. */
const names: Attack[] = [
  {
    of: 'A6',
    name: 'names of 1 MiB: framework, principal, role, web UI, host name, task',
    requests: () => [
      ask(instant('count(mesos_framework_cpus_allocated)', { uid: 'names' })),
      ask(instant('count(mesos_task_cpus_allocated)', { uid: 'names' })),
      ask(instant('mesos_framework_info', { uid: 'names' })),
      ask(variable({ entities: { entity: 'agent' } }, { uid: 'names' })),
      resource('label-values', { label: 'framework' }, 'names'),
      resource('status', {}, 'names'),
    ],
  },
  {
    of: 'A6',
    name: 'a framework name of 15 MiB, and 20 roles of 1 MiB, one label above 16 MiB',
    requests: () => [
      ask(instant('count(mesos_framework_cpus_allocated)', { uid: 'giant' })),
      ask(instant('mesos_framework_info', { uid: 'giant' })),
      resource('label-values', { label: 'framework' }, 'giant'),
    ],
  },
  {
    of: 'A6',
    name: 'broken UTF-8, control characters, HTML and PromQL in names',
    requests: () => [
      ask(instant('mesos_framework_info', { uid: 'odd' })),
      ask(builder({ uid: 'odd', instant: true, groupBy: ['framework', 'agent', 'task'] })),
      ask(variable({ entities: { entity: 'framework' } }, { uid: 'odd' })),
      resource('label-values', { label: 'framework' }, 'odd'),
    ],
  },
];

/** What attacks would write: nothing is there afterwards. */
export const HOSTILE_FILE = path.join(os.tmpdir(), 'mesos-hostile.db');

/** Numbers from 1 on, for ever or up to n. */
const numbers = (n?: number) =>
  `WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a${n === undefined ? '' : ` WHERE n < ${n}`})`;

const LONG_TEXT = "printf('%.*c%d', 1000, 'x', n)";

/** All statements of a topic of testdata/hostile/sql.json, a few at a time: two run at once. */
const refusedSql = (topic: string, all: Statement[]): Attack[] =>
  Array.from({ length: Math.ceil(all.length / AT_A_TIME) }, (_, part) => {
    const some = all.slice(part * AT_A_TIME, (part + 1) * AT_A_TIME);
    return {
      ...{ of: 'own', name: `SQL: ${topic}${part === 0 ? '' : `, ${part + 1}`}`, expect: 'refused' },
      requests: () => some.map(({ sql: text }) => ask(sql(text, { uid: 'large' }))),
      says: some.map(({ error }) => error),
    };
  });

const AT_A_TIME = 7;

const refusals = statementsOn(HOSTILE_FILE).filter(({ topic }) => topic !== SLOW);

const slowSql = (name: string, at: number, statement: string, more: Partial<Attack> = {}): Attack => ({
  ...{ of: 'own', name: `SQL: ${name}`, ...more },
  requests: () => times(at, () => ask(sql(statement, { uid: 'large' }))),
});

const statements: Attack[] = [
  ...[...new Set(refusals.map(({ topic }) => topic))].flatMap((topic) =>
    refusedSql(
      topic,
      refusals.filter((one) => one.topic === topic)
    )
  ),
  slowSql('an endless recursion, 8 at once', 8, `${numbers()} SELECT count(*) FROM a`, { expect: 'refused' }),
  slowSql('a slow second row', 1, `SELECT 1 UNION ALL SELECT count(*) FROM (${numbers()} SELECT n FROM a)`, {
    expect: 'refused',
  }),
  slowSql('a cross join of 100,000 tasks', 4, 'SELECT count(*) FROM tasks a, tasks b, tasks c', { expect: 'refused' }),
  slowSql('a large sort, 8 at once', 8, `${numbers(1e8)} SELECT ${LONG_TEXT} AS x FROM a ORDER BY x`, {
    expect: 'refused',
  }),
  slowSql('large groups, 8 at once', 8, `${numbers(1e8)} SELECT ${LONG_TEXT}, count(*) FROM a GROUP BY 1`, {
    expect: 'refused',
  }),
  slowSql('a closed connection', 4, `${numbers()} SELECT count(*) FROM a`, { cancelAfter: 200 }),
  slowSql('all columns of 10,000 tasks, 8 at once', 8, 'SELECT * FROM tasks'),
  slowSql(
    'groups of 100,000 tasks, 16 at once',
    16,
    'SELECT framework, state, count(*), sum(cpus) FROM tasks GROUP BY framework, state'
  ),
  {
    ...{ of: 'own', name: 'SQL: a regular expression in a table filter', deadline: BUDGETED },
    requests: () => [
      ask({
        ...{ uid: 'large', queryType: 'table', table: 'tasks' },
        filters: [{ label: 'name', operator: '=~', value: LONG }],
      }),
    ],
  },
  {
    ...{ of: 'own', name: 'SQL: 10,000 values in a table filter' },
    requests: () => [
      ask({
        ...{ uid: 'large', queryType: 'table', table: 'tasks' },
        filters: [{ label: 'agent', operator: '=', value: agents(10_000) }],
      }),
    ],
  },
  {
    ...{ of: 'own', name: 'SQL: values of a column of 100,000 tasks' },
    requests: () => [
      resource('schema/values', { table: 'tasks', column: 'task_id' }),
      resource('schema/values', { table: 'tasks', column: "labels.a'; DROP TABLE tasks; --" }),
      resource('schema/values', { table: 'sqlite_master', column: 'sql' }),
    ],
  },
];

export const attacks: Attack[] = [
  ...regular.map((attack) => ({ deadline: BUDGETED, ...attack })),
  ...size,
  ...many,
  ...tables,
  ...current,
  ...own,
  ...log,
  ...sandboxes,
  ...files,
  ...room,
  ...graphs,
  ...statements,
  ...names,
];
