// Alert rules, as Grafana provisions them from a file. Both compare the current
// value (an instant query): with a range and Reduce, a series that ended within
// the range keeps its alert firing.
import { QueryBuilder, type Rule, RuleBuilder } from '@grafana/grafana-foundation-sdk/alerting';
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr';

import { built, pluginId, provisionedSource, query, type QuerySpec } from './query.ts';

/** Rules have no variables. */
const source = { type: pluginId, uid: provisionedSource.uid };

/** Grafana's own data source for expressions. */
const expressions = { type: '__expr__', uid: '__expr__' };

/** Returns a rule: a query A, and a condition B on each of its series. */
function rule(uid: string, title: string, spec: QuerySpec, evaluator: { type: 'gt' | 'lt'; params: number[] }) {
  const ask = { ...query('A', { ...spec, instant: true }, source), intervalMs: 1000, maxDataPoints: 43200 };
  return new RuleBuilder(title)
    .uid(uid)
    .condition('B')
    .withQuery(
      new QueryBuilder('A')
        .queryType(spec.queryType ?? '')
        .datasourceUid(source.uid)
        .relativeTimeRange({ from: 600, to: 0 })
        .model(built(ask))
    )
    .withQuery(
      new QueryBuilder('B')
        .datasourceUid(expressions.uid)
        .relativeTimeRange({ from: 0, to: 0 })
        .model(
          new TypeThresholdBuilder().refId('B').datasource(expressions).expression('A').conditions([{ evaluator }])
        )
    );
}

/** The alert's subject: its cluster, where the alert has the label. Without data, or with an error, it has none. */
const subject = '{{ if $labels.cluster }}Mesos cluster {{ $labels.cluster }}{{ else }}A Mesos cluster{{ end }}';

/** The utilization, where the alert has a value: an alert kept through an outage has none, and naming it fails. */
const utilization =
  '{{ range $name, $value := $values }}{{ if eq $name "A" }}{{ humanizePercentage $value.Value }}{{ end }}' +
  '{{ else }}over 90%{{ end }}';

// While the master does not answer, the utilization is unknown: the rule keeps its
// state, and the other rule fires. Without KeepLast an outage would resolve an
// alert that fires.
const highCpu = rule(
  'mesos-cpu-utilization',
  'CPU utilization high',
  { queryType: 'metrics', entity: 'cluster', resource: 'cpus', measure: 'utilization', groupBy: ['cluster'] },
  { type: 'gt', params: [0.9] }
)
  .forDuration('5m')
  .noDataState('KeepLast')
  .execErrState('KeepLast')
  .labels({ severity: 'warning' })
  .annotations({
    summary: `${subject} has allocated ${utilization} of its CPU`,
    description:
      'More than 90 % for five minutes: large tasks may find no agent with enough free CPU. ' +
      'The row Frameworks of the dashboard shows to whom it is allocated.',
  });

// The queries of this rule also keep the polling going when nobody looks. No data
// and an error both mean a fault here: mesos_up exists as long as polls are made,
// and a data source that never reached its cluster answers with an error.
// `for` covers the start, when the first evaluation may come before the first poll.
const notAnswering = rule(
  'mesos-master-not-answering',
  'Mesos master not answering',
  { queryType: 'promql', expr: 'min by (cluster) (mesos_up{poll="snapshot"})' },
  { type: 'lt', params: [1] }
)
  .forDuration('2m')
  .noDataState('Alerting')
  .execErrState('Alerting')
  .labels({ severity: 'critical' })
  .annotations({
    summary: `${subject}: the leading master does not answer`,
    description:
      'Its series have a gap. Tasks run on without a master, but none is started. ' +
      'Save & test of the data source shows why the master does not answer, the dashboard since when.',
  });

/** The panel that a rule's alerts link to, as annotations of Grafana's own. */
interface Link {
  __dashboardUid__: string;
  __panelId__: string;
}

/** The provisioning file's content (grafana.com/docs: "Use configuration files to provision alerting resources"). */
export function ruleFile(links: { utilization: Link; polls: Link }): object {
  const linked = (rule: Rule, link: Link) => ({ ...rule, annotations: { ...rule.annotations, ...link } });
  const rules = [linked(highCpu.build(), links.utilization), linked(notAnswering.build(), links.polls)].map(
    // What a file says once, of the group.
    ({ orgID: _org, folderUID: _folder, ruleGroup: _group, ...provisioned }) => provisioned
  );
  return {
    apiVersion: 1,
    groups: [{ orgId: 1, name: 'mesos', folder: 'Mesos', interval: '1m', rules }],
  };
}
