import { CATALOGUE } from '../../testing/catalogue';
import { hintsFor } from './hints';

const COUNTER = 'mesos_framework_tasks_ended_total';
const GAUGE = 'mesos_agent_cpus_allocated';

/** An expression, how many series its answer has, what a hint says, and what it makes of the expression. */
const ROWS: Array<[expr: string, series: number, hint?: RegExp, fixed?: string]> = [
  // A counter without rate
  [COUNTER, 1, /is a counter/, `rate(${COUNTER}[$__rate_interval])`],
  [
    `sum by (framework) (${COUNTER}{framework="$f"})`,
    1,
    /is a counter/,
    `sum by (framework) (rate(${COUNTER}{framework="$f"}[$__rate_interval]))`,
  ],
  [`sum(${COUNTER} offset 5m) # all`, 1, /is a counter/, `sum(rate(${COUNTER}[$__rate_interval] offset 5m)) # all`],
  [`${COUNTER} @ end() > 5`, 1, /is a counter/, `rate(${COUNTER}[$__rate_interval] @ end()) > 5`],
  [`rate(${COUNTER}[5m])`, 1],
  [`rate(${COUNTER}[5m:1m])`, 1],
  [`count(${COUNTER})`, 1],
  [`absent(${COUNTER})`, 1],
  // A rate of a gauge
  [`rate(${GAUGE}[5m])`, 1, /is a gauge: rate/, `deriv(${GAUGE}[5m])`],
  [
    `sum(increase(${GAUGE}{a="b"}[$__range] offset 1h))`,
    1,
    /is a gauge: increase/,
    `sum(delta(${GAUGE}{a="b"}[$__range] offset 1h))`,
  ],
  [`irate(${GAUGE}[5m])`, 1, /is a gauge: irate/, undefined],
  [`deriv(${GAUGE}[5m])`, 1],
  // A sum before a rate
  [`rate(sum(${COUNTER})[1h:1m])`, 1, /sum of counters is wrong/, undefined],
  [`max_over_time(sum(rate(${COUNTER}[5m]))[1h:1m])`, 1],
  // A range of one step
  [`sum(rate(${COUNTER}[\${__interval}]))`, 1, /needs two values/, `sum(rate(${COUNTER}[$__rate_interval]))`],
  [`avg_over_time(${GAUGE}[$__interval])`, 1],
  // Many series
  [GAUGE, 25, /has 25 series/, `sum(${GAUGE})`],
  [`rate(${COUNTER}[5m]) # each`, 25, /has 25 series/, `sum(rate(${COUNTER}[5m])) # each`],
  ['mesos_up', 20, /An average/, 'avg(mesos_up)'],
  [GAUGE, 19],
  [`sum(${GAUGE})`, 25],
  [`${GAUGE} / ${GAUGE}`, 25],
  [`topk(30, ${GAUGE})`, 25],
  // Names
  ['mesos_agent_cpu_allocated', 1, /do you mean mesos_agent_cpus_allocated/, GAUGE],
  ['rate(mesos_master_messages[5m])', 1], // a name of another tool
  ['sum(nothing_like_it)', 1, /There is no series nothing_like_it\.$/, undefined],
  ['$metric + mesos_${x}_total', 1],
  // Not complete
  [`rate(${GAUGE}[`, 1],
  ['', 1],
];

it.each(ROWS.map(([expr, series, hint, fixed]) => ({ expr, series, hint, fixed })))(
  '$expr with $series series',
  ({ expr, series, hint, fixed }) => {
    const hints = hintsFor(expr, { catalogue: CATALOGUE, names: ['mesos_of_a_newer_mesos'], series });
    if (!hint) {
      expect(hints).toEqual([]);
      return;
    }
    expect(hints).toEqual([expect.objectContaining({ text: expect.stringMatching(hint) })]);
    expect(hints[0].fix?.expr).toBe(fixed);
  }
);

it('knows nothing of names and types before the catalogue is loaded', () => {
  expect(hintsFor('rate(nothing[5m])', {})).toEqual([]);
});

it('a fix leads to no other hint', () => {
  const asked = { catalogue: CATALOGUE, names: [], series: 1 };
  for (const expr of [COUNTER, `rate(${GAUGE}[5m])`, 'mesos_agent_cpu_allocated']) {
    const fixed = hintsFor(expr, asked)[0].fix?.expr ?? '';
    expect(hintsFor(fixed, asked)).toEqual([]);
  }
});
