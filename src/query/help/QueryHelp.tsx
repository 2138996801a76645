// The help behind a query row's question mark: the terms of the data source, and
// examples that replace the row's query by a click.
import { css } from '@emotion/css';
import type { GrafanaTheme2, QueryEditorHelpProps } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { pick } from 'lodash';
import React from 'react';

import { t, Trans } from '../../i18n';
import type { KindKeys } from '../defaults';
import { displayText } from '../displayText';
import { inSentence, nameOf } from '../names';
import { rowOf, shownBy } from '../shown';
import { withLostKeys } from '../stored';
import { withoutSubject } from '../switchMode';
import type { MesosQuery } from '../types';
import { examples, type Example } from './examples';

/** Returns the name of a measure as menus have it. */
const word = (measure: string) => inSentence(nameOf(measure));

const terms = (): Array<[term: string, text: string]> => [
  [
    word('allocated'),
    t('help.measure.allocated', 'What tasks and executors hold. In Mesos’ own words this is “used”.'),
  ],
  [word('used'), t('help.measure.used', 'What was measured in the containers; only with agent statistics.')],
  [word('offered'), t('help.measure.offered', 'What frameworks are looking at just now.')],
  [word('free'), t('help.measure.free', 'Neither allocated nor offered; of a role: what its quota leaves.')],
  [
    word('utilization'),
    t('help.measure.utilization', 'Allocated over capacity; of a role: consumed over quota limit.'),
  ],
  [word('share'), t('help.measure.share', 'Allocated over the capacity of the whole cluster.')],
  [
    t('help.measure.failed-term', 'failed, killed, lost, …'),
    t('help.measure.failed', 'How many tasks ended so; of agents and roles, counted from events.'),
  ],
  [
    word('efficiency'),
    t('help.measure.efficiency', 'Used over what was allocated to the containers that were measured.'),
  ],
];

const macros = (): Array<[macro: string, text: string]> => [
  ['$__interval', t('help.macro.interval', 'The step: never shorter than the poll interval.')],
  ['$__rate_interval', t('help.macro.rate-interval', 'A range long enough for rate() and increase().')],
  ['$__range', t('help.macro.range', 'The whole time range.')],
];

const events = (): Array<[kind: string, text: string]> => [
  [
    inSentence(t('query.events.kind-task', 'Task')),
    t('help.kind.task', 'A task changed its state, with the reason, source and message that Mesos gives.'),
  ],
  [
    inSentence(t('query.events.kind-agent', 'Agent')),
    t(
      'help.kind.agent',
      'Added, removed, lost, unreachable, disconnected, back, draining, drained, deactivated, gone.'
    ),
  ],
  [
    inSentence(t('query.events.kind-framework', 'Framework')),
    t('help.kind.framework', 'Added, removed, disconnected, back, failed over.'),
  ],
  [inSentence(t('query.events.kind-master', 'Master')), t('help.kind.master', 'Another master leads.')],
  [
    inSentence(t('query.events.kind-maintenance', 'Maintenance')),
    t('help.kind.maintenance', 'A maintenance window began or ended.'),
  ],
  [
    inSentence(t('query.events.kind-collection', 'Collection')),
    t('help.kind.collection', 'The cluster was not watched for a while: what happened meanwhile may be missing.'),
  ],
];

export default function QueryHelp({ query, onClickExample }: QueryEditorHelpProps<MesosQuery>) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <h2>{t('help.title', 'Apache Mesos cheat sheet')}</h2>
      {examples().map((example) => (
        <div key={example.title} className={styles.example}>
          <h5>{example.title}</h5>
          <p>{example.text}</p>
          <Button
            size="sm"
            variant="secondary"
            className={styles.query}
            onClick={() => onClickExample(inRow(example.query, query))}
          >
            {displayText({ ...example.query, refId: 'A' })}
          </Button>
        </div>
      ))}
      <h3>{t('help.measures', 'Measures')}</h3>
      <Definitions entries={terms()} />
      <h3>{t('help.kinds', 'Kinds of events')}</h3>
      <Definitions entries={events()} />
      <h3>{t('help.macros', 'In PromQL and in Min step')}</h3>
      <Definitions entries={macros()} />
      <p>
        <Trans i18nKey="help.end">
          Shift+Enter runs an expression. History begins with the first query after Grafana starts; a gap in collection
          is a gap in the graph.
        </Trans>
      </p>
    </div>
  );
}

/**
 * Returns the example as the query of a row, with the row's options but for its legend. Options of metrics mean nothing to
 * events.
 */
function inRow(example: Example['query'], row: MesosQuery = { refId: 'A' }): MesosQuery {
  const { legendFormat: _legend, ...options } = withoutSubject(row);
  const same = shownBy(row) === shownBy({ refId: 'A', ...example });
  return withLostKeys(row, { ...(same ? options : { ...rowOf(row), ...kindOf(row) }), ...example });
}

/** Range or instant: a rule's query is instant, whatever it asks for. */
function kindOf(row: MesosQuery): KindKeys {
  return pick(row, 'range', 'instant');
}

function Definitions({ entries }: { entries: Array<[string, string]> }) {
  return (
    <ul style={{ listStyle: 'none', marginBottom: 16 }}>
      {entries.map(([term, text]) => (
        <li key={term}>
          <code>{term}</code> {text}
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  example: css({ marginBottom: theme.spacing(2), p: { marginBottom: theme.spacing(0.5) } }),
  query: css({ fontFamily: theme.typography.fontFamilyMonospace }),
});
