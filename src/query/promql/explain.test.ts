import { CATALOGUE } from '../../testing/catalogue';
import { explain } from './explain';
import { AGGREGATIONS, FUNCTIONS, OPERATORS } from './words';

const catalogue = { ...CATALOGUE, signatures: { ...CATALOGUE.signatures, time: 'time(): scalar' } };

/** Returns the steps of an expression, one line each. */
const lines = (expr: string) =>
  explain(expr, catalogue)?.map(({ code, text, details }) => [`${code} — ${text}`, ...details].join(' | '));

it.each<[string, string[] | undefined]>([
  ['mesos_up', ['mesos_up — Reads mesos_up (gauge, bool): Whether the last poll succeeded.']],
  [
    'a{b="c",d!="e",f=~"g|h",i=~"j.*",k!~"l.+",m!="",n="",o=~".+"}',
    [
      'a{b="c",d!="e",f=~"g|h",i=~"j.*",k!~"l.+",m!="",n="",o=~".+"} — Reads the series a. | Those whose b is c. | ' +
        'Those whose d is not e. | Those whose f is one of g, h. | ' +
        'Those whose i matches the regular expression j.*, as a whole. | ' +
        'Those whose k does not match the regular expression l.+. | Those with a label m. | ' +
        'Those without the label n. | Those with a label o.',
    ],
  ],
  [
    'sum by (framework) (rate(mesos_framework_tasks_ended_total[$__rate_interval] offset 1h)) # why',
    [
      'mesos_framework_tasks_ended_total[$__rate_interval] offset 1h — Reads mesos_framework_tasks_ended_total ' +
        '(counter, count): About mesos_framework_tasks_ended_total. | ' +
        'At each moment, its values over a range of some polls are read: [$__rate_interval]. | As it was 1 hour earlier.',
      'rate(①) — How much ① rises per second, on average over a range of some polls. Resets of the counter are allowed for.',
      'sum by (framework) (②) — The sum of the series of ②. One for each framework.',
    ],
  ],
  [
    'topk(5, a) / on (agent) group_left (version) b * 100',
    [
      'a — Reads the series a.',
      'topk(5, ①) — The 5 largest series of ①, at each moment.',
      'b — Reads the series b.',
      '② / on (agent) group_left (version) ③ — ② divided by ③. | Series are paired by agent. | ' +
        'Several series of ② may be paired with the same of ③. | The result gets the labels version of ③.',
      '④ * 100 — ④ times 100.',
    ],
  ],
  [
    '(a + b) > bool 0.5',
    [
      'a — Reads the series a.',
      'b — Reads the series b.',
      '① + ② — ① plus ②. | Series are paired by all their labels.',
      '③ > bool 0.5 — 1 where ③ is above 0.5, else 0.',
    ],
  ],
  [
    'max_over_time(sum(a)[1d12h:30m])',
    [
      'a — Reads the series a.',
      'sum(①) — The sum of the series of ①. All become one.',
      '②[1d12h:30m] — Evaluates ② every 30 minutes over 1 day 12 hours.',
      'max_over_time(③) — The largest value of ③ in 1 day 12 hours.',
    ],
  ],
  [
    'a unless ignoring (b) c',
    [
      'a — Reads the series a.',
      'c — Reads the series c.',
      '① unless ignoring (b) ② — The series of ① that are paired with none of ②. | ' +
        'Series are paired by all labels other than b.',
    ],
  ],
  ['time() - 5', ['time() — The time at each moment, in seconds since 1970.', '① - 5 — ① minus 5.']],
  [
    '-count without (b) (a @ end())',
    [
      'a @ end() — Reads the series a. | As it is at the end of the time range.',
      'count without (b) (①) — How many series ① has. One for each combination of the labels other than b.',
      '-② — ② with the other sign.',
    ],
  ],
  // Variables
  [
    '$fn({__name__=~"mesos_.*", $matcher}[${range}]) + [[other]]',
    [
      '{__name__=~"mesos_.*", $matcher}[${range}] — Reads series of any name. | ' +
        'Those whose __name__ matches the regular expression mesos_.*, as a whole. | ' +
        'Those that the variable $matcher selects. | At each moment, its values over ${range} are read: [${range}].',
      '$fn(①) — Calls the function that the variable $fn names.',
      '[[other]] — Reads the series [[other]].',
      '② + ③ — ② plus ③. | Series are paired by all their labels.',
    ],
  ],
  // Not complete, or nothing to explain
  ['sum(a', undefined],
  ['', undefined],
  ['5', undefined],
])('%j', (expr, expected) => {
  expect(lines(expr)).toEqual(expected);
});

it('has a sentence for each function, aggregation and operator', () => {
  for (const { word } of FUNCTIONS.filter((one) => !/^(?:info|histogram_quantiles)$/.test(one.word))) {
    const steps = lines(`${word}(a[5m])`);
    expect(steps?.at(-1)).toMatch(/ — \S.+\.$/);
  }
  for (const { word } of AGGREGATIONS) {
    expect(lines(`${word}(5, a)`)?.at(-1)).toMatch(/ — \S.+\.$/);
  }
  for (const { word } of OPERATORS) {
    expect(lines(`a ${word} b`)?.at(-1)).toMatch(/ — .*①.*\./);
  }
});

it('is quick for the longest expressions that people write', () => {
  const long = Array(150).fill('sum by (agent) (rate(mesos_x_total{framework=~"a|b"}[5m]))').join(' + ');
  const begin = performance.now();
  expect(explain(long, CATALOGUE)).toHaveLength(150 * 3 + 149);
  expect(performance.now() - begin).toBeLessThan(2000);
});
