// Efficiency and cost over a period: core hours and GiB hours per framework, role
// and label, what of it was not used, and what it costs.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import type { Definition } from './frame.ts';
import { down, type Link, to } from './links.ts';
import { efficiencies, graph, stat, table, unit } from './panels.ts';
import { cpuEfficiency, inCluster, matching, of, promql, type QuerySpec } from './query.ts';
import { ONE_ROW } from './shared.ts';
import { choice, typed } from './variables.ts';

/** Amount times hours over the period: what each step of it has, in hours. A time without the series costs nothing. */
const hours = (amount: string) => `sum_over_time((${amount})[$__range:$__interval]) * $__interval_ms / 3600000`;

const GIB = 2 ** 30;

/** The report by a label. Use is known where agents are queried. */
function report(title: string, by: string, series: string, selector: string, rowTitle: string, links?: Link[]) {
  // The label that a variable names is copied to one of a fixed name, by which the columns are joined.
  const named = (x: string) => (by === 'label' ? `label_replace(${x}, "label", "$1", "$label", "(.*)")` : x);
  const sum = (name: string) => `sum by (${by}) (${named(`${series}_${name}{${selector}}`)})`;
  const cores = hours(sum('cpus_allocated'));
  const gibs = hours(`${sum('memory_allocated_bytes')} / ${GIB}`);
  const spec = (expr: string): QuerySpec => promql(expr);
  return table({
    title,
    about:
      'Over the time range, in hours of cores and of GiB: what was allocated, what of the measured part was not used, and the price ' +
      'by the variables. ' +
      'Waste and efficiency need "Agent statistics". For a CSV file: the panel’s menu, Inspect, Data.' +
      (by === 'framework' ? ` ${ONE_ROW.framework}` : ''),
    rows: by,
    rowTitle,
    rowLinks: links,
    columns: [
      {
        title: 'Cost',
        width: 80,
        decimals: 2,
        unit: 'locale',
        spec: spec(`(${cores}) * $core_price + (${gibs}) * $memory_price`),
      },
      { title: 'Core hours', width: 100, decimals: 1, unit: 'locale', spec: spec(cores) },
      { title: 'GiB hours', width: 95, decimals: 1, unit: 'locale', spec: spec(gibs) },
      {
        title: 'Cores unused',
        width: 112,
        decimals: 1,
        unit: 'locale',
        spec: spec(hours(`${sum('cpus_measured')} - ${sum('cpus_used')}`)),
      },
      {
        title: 'GiB unused',
        width: 100,
        decimals: 1,
        unit: 'locale',
        spec: spec(hours(`(${sum('memory_measured_bytes')} - ${sum('memory_used_bytes')}) / ${GIB}`)),
      },
      {
        title: 'CPU efficiency',
        width: 120,
        unit: 'percentunit',
        decimals: 0,
        bar: efficiencies(),
        spec: spec(
          `sum_over_time((${sum('cpus_used')})[$__range:$__interval]) / (sum_over_time((${sum('cpus_measured')})[$__range:$__interval]) > 0)`
        ),
      },
      {
        title: 'Memory efficiency',
        width: 145,
        unit: 'percentunit',
        decimals: 0,
        bar: efficiencies(),
        spec: spec(
          `sum_over_time((${sum('memory_used_bytes')})[$__range:$__interval]) / (sum_over_time((${sum('memory_measured_bytes')})[$__range:$__interval]) > 0)`
        ),
      },
    ],
    width: 24,
    height: 9,
  });
}

const chosen = matching('cluster', 'framework');

const total = (title: string, legend: string, expr: string, decimals: number) =>
  stat({
    title,
    about: 'Over the time range, of what was allocated. Prices are the variables’.',
    queries: { A: promql(expr, { legendFormat: legend, instant: true }) },
    text: BigValueTextMode.Value,
    color: 'blue',
    plain: true,
    decimals,
    width: 8,
    height: 4,
  }).overrideByFieldType('number', [unit('locale')]);

const allCores = hours(`sum(mesos_cluster_cpus_allocated{${inCluster}})`);
const allGibs = hours(`sum(mesos_cluster_memory_allocated_bytes{${inCluster}}) / ${GIB}`);

export const efficiency: Definition = {
  title: 'Mesos efficiency and cost',
  about:
    'What frameworks, roles and labels of an Apache Mesos cluster were allocated over a period, used of it, and cost.',
  filters: ['framework', 'role'],
  variables: [
    typed('core_price', 'Price of a core hour', 'An example: write your own price', '0.03'),
    typed('memory_price', 'Price of a GiB hour', 'An example: write your own price', '0.004'),
    choice(
      'label',
      'Label',
      'Label of tasks that the last report groups by: task, agent, or label_ and the name of a label in the setting taskLabels',
      ['task', 'agent', 'framework']
    ),
  ],
  time: { from: 'now-6h', to: 'now' },
  across: ['measured-use', 'Measured use'],
  rows: {
    'The whole cluster': [
      total('Cost of the period', 'Cost', `(${allCores}) * $core_price + (${allGibs}) * $memory_price`, 2),
      total('Core hours allocated', 'Core hours', allCores, 0),
      total('GiB hours allocated', 'GiB hours', allGibs, 0),
    ],
    'Who it was allocated to': [
      report('Report by framework', 'framework', 'mesos_framework', chosen, 'Framework', down('framework', 'cell')),
      report('Report by role', 'role', 'mesos_role', matching('cluster', 'role'), 'Role', down('role', 'cell')),
      report('Report by label', 'label', 'mesos_task', chosen, 'Label', [to('tasks', 'Tasks')]),
    ],
    'How much of it was used': [
      graph({
        title: 'CPU efficiency by framework',
        about:
          'Used of allocated, both over the half hour before, where it was measured. Above 100 %: more than was allocated. Only ' +
          'with "Agent statistics".',
        queries: {
          A: promql(`topk(10, ${cpuEfficiency('framework', 'framework')})`, { legendFormat: '{{framework}}' }),
        },
        table: true,
        width: 12,
        height: 9,
        links: [...down('framework', 'series'), to('measured-use', 'Measured use')],
      }).overrideByFieldType('number', [unit('percentunit')]),
      graph({
        title: 'Memory efficiency by framework',
        about: 'Used of allocated, where it was measured. Only with "Agent statistics".',
        queries: { A: { ...of('framework', 'memory', 'efficiency', 'framework'), top: 10 } },
        table: true,
        width: 12,
        height: 9,
        links: [...down('framework', 'series'), to('measured-use', 'Measured use')],
      }),
    ],
  },
};
