// Alert rules as Grafana provisions them from a file, made from the rows of alerts/. All compare current values (instant
// queries): with a range and Reduce, a series that ended within the range keeps its alert firing.
import { createHash } from 'node:crypto';

import { QueryBuilder, RuleBuilder } from '@grafana/grafana-foundation-sdk/alerting';
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr';

import type { Alert, Duration } from './alerts/alert.ts';
import { secondsOf } from './alerts/capacity.ts';
import { ALERTS, GROUPS } from './alerts/index.ts';
import { anchorOf } from './alerts/page.ts';
import { built, pluginId, provisionedSource, query } from './query.ts';

/** Grafana's own data source for expressions. */
const expressions = { type: '__expr__', uid: '__expr__' };

/** How often rules are evaluated. */
const INTERVAL = '1m';

/** Seconds before now that a rule asks for; instant queries evaluate at its end. */
const REACH = 600;

export interface RuleOptions {
  /** UIDs of Mesos data sources, each with its own copy of every rule. */
  sources: string[];
  /** Where docs/alerts.md is published, for the annotation runbook_url; absent: none. */
  runbook?: string;
  /** Panels of the provisioned dashboards by the rule's UID, for rules on the provisioned data source. */
  panels?: Record<string, Link>;
  /** Shortens durations and `for`, for tests in real time. */
  duration?: Duration;
}

/** The panel that a rule's alerts link to, as annotations of Grafana's own. */
export interface Link {
  __dashboardUid__: string;
  __panelId__?: string;
}

/**
 * Returns the UID of a rule on a data source. UIDs of rules are unique in Grafana and have 40 characters at most, as those of
 * data sources may have: on others than the provisioned one the rule's ends in a digest of the data source's.
 */
export function uidOf(alert: Pick<Alert, 'uid'>, source: string): string {
  return source === provisionedSource.uid
    ? alert.uid
    : `${alert.uid}-${createHash('sha256').update(source).digest('hex').slice(0, 8)}`;
}

/** Returns the folder of a data source's rules: titles are unique within a folder. */
const folderOf = (source: string): string => (source === provisionedSource.uid ? 'Mesos' : `Mesos ${source}`);

/** The number, where the alert has one: an alert kept through an outage has none, and naming it fails. */
const VALUE = {
  count: ['printf "%.0f" $value.Value', 'an unknown number'],
  percent: ['humanizePercentage $value.Value', 'an unknown part'],
  seconds: ['humanizeDuration $value.Value', 'an unknown time'],
};

/** Returns a text with {{value}} and {{labels.x}} as Grafana's template. Without data, or with an error, an alert has no labels. */
function template(text: string, { value }: Alert): string {
  const [shown, none] = VALUE[value];
  return text
    .replaceAll(
      '{{value}}',
      `{{ range $name, $value := $values }}{{ if eq $name "A" }}{{ ${shown} }}{{ end }}{{ else }}${none}{{ end }}`
    )
    .replaceAll(/\{\{labels\.(\w+)\}\}/g, '{{ $labels.$1 }}');
}

const subject = '{{ if $labels.cluster }}Mesos cluster {{ $labels.cluster }}{{ else }}A Mesos cluster{{ end }}';

/** The labels that dashboards have a variable of, of the same name. */
const VARIABLES = ['cluster', 'framework', 'agent', 'role'];

/** Returns the address of the alert's dashboard, on the rule's own data source and what the alert is about. */
function addressOf({ dashboard }: Alert, source: string): string {
  const variables = VARIABLES.map((name) => `{{ with $labels.${name} }}&var-${name}={{ urlquery . }}{{ end }}`).join(
    ''
  );
  return `{{ externalURL }}d/${dashboard}?var-datasource=${encodeURIComponent(source)}${variables}`;
}

function ruleOf(alert: Alert, source: string, options: RuleOptions): object {
  const duration = options.duration ?? ((written: string) => written);
  const datasource = { type: pluginId, uid: source };
  const spec = alert.query(duration);
  const ask = { ...query('A', spec, datasource), intervalMs: 1000, maxDataPoints: 43200 };
  const [[type, limit]] = Object.entries(alert.fires);
  const from = alert.reach === undefined ? REACH : secondsOf(duration(alert.reach));
  const panel = source === provisionedSource.uid ? options.panels?.[alert.uid] : undefined;
  const {
    orgID: _org,
    folderUID: _folder,
    ruleGroup: _group,
    ...rule
  } = new RuleBuilder(alert.title)
    .uid(uidOf(alert, source))
    .condition('B')
    .withQuery(
      new QueryBuilder('A')
        .queryType(spec.queryType ?? '')
        .datasourceUid(source)
        .relativeTimeRange({ from, to: 0 })
        .model(built(ask))
    )
    .withQuery(
      new QueryBuilder('B')
        .datasourceUid(expressions.uid)
        .relativeTimeRange({ from: 0, to: 0 })
        .model(
          new TypeThresholdBuilder()
            .refId('B')
            .datasource(expressions)
            .expression('A')
            .conditions([{ evaluator: { type: type as 'gt' | 'lt', params: [limit as number] } }])
        )
    )
    .forDuration(alert.for === '0s' ? '0s' : duration(alert.for))
    .noDataState(alert.noData)
    .execErrState(alert.error)
    .labels({ severity: alert.severity })
    .annotations({
      summary: `${subject}: ${template(alert.summary, alert)}`,
      description: template(alert.description, alert),
      dashboard: addressOf(alert, source),
      ...(options.runbook && { runbook_url: `${options.runbook}#${anchorOf(alert)}` }),
      ...panel,
    })
    .build();
  return rule;
}

/** The provisioning file's content (grafana.com/docs: "Use configuration files to provision alerting resources"). */
export function ruleFile(options: RuleOptions): { apiVersion: 1; groups: object[] } {
  return {
    apiVersion: 1,
    groups: options.sources.flatMap((source) =>
      GROUPS.map((group) => ({
        orgId: 1,
        name: group,
        folder: folderOf(source),
        interval: INTERVAL,
        rules: ALERTS.filter((alert) => alert.group === group).map((alert) => ruleOf(alert, source, options)),
      }))
    ),
  };
}
