// The help behind a query row's question mark: the terms of the data source, and
// examples that replace the row's query by a click.
import { css } from '@emotion/css';
import type { GrafanaTheme2, QueryEditorHelpProps } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { pick } from 'lodash';
import React from 'react';

import type { KindKeys } from '../defaults';
import { displayText } from '../displayText';
import { rowOf, shownBy } from '../shown';
import { withLostKeys } from '../stored';
import { withoutSubject } from '../switchMode';
import type { MesosQuery } from '../types';
import { EXAMPLES, type Example } from './examples';

const TERMS: Array<[term: string, text: string]> = [
  ['allocated', 'What tasks and executors hold. In Mesos’ own words this is “used”.'],
  ['used', 'What was measured in the containers; only with agent statistics.'],
  ['offered', 'What frameworks are looking at just now.'],
  ['free', 'Neither allocated nor offered; of a role: what its quota leaves.'],
  ['utilization', 'Allocated over capacity; of a role: consumed over quota limit.'],
  ['share', 'Allocated over the capacity of the whole cluster.'],
  ['failed, killed, lost, …', 'How many tasks ended so; of agents and roles, counted from events.'],
  ['efficiency', 'Used over what was allocated to the containers that were measured.'],
];

const MACROS: Array<[macro: string, text: string]> = [
  ['$__interval', 'The step: never shorter than the poll interval.'],
  ['$__rate_interval', 'A range long enough for rate() and increase().'],
  ['$__range', 'The whole time range.'],
];

const EVENTS: Array<[kind: string, text: string]> = [
  ['task', 'A task changed its state, with the reason, source and message that Mesos gives.'],
  ['agent', 'Added, removed, lost, unreachable, disconnected, back, draining, drained, deactivated, gone.'],
  ['framework', 'Added, removed, disconnected, back, failed over.'],
  ['master', 'Another master leads.'],
  ['maintenance', 'A maintenance window began or ended.'],
  ['collection', 'The cluster was not watched for a while: what happened meanwhile may be missing.'],
];

export default function QueryHelp({ query, onClickExample }: QueryEditorHelpProps<MesosQuery>) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <h2>Apache Mesos cheat sheet</h2>
      {EXAMPLES.map((example) => (
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
      <h3>Measures</h3>
      <Definitions entries={TERMS} />
      <h3>Kinds of events</h3>
      <Definitions entries={EVENTS} />
      <h3>In PromQL and in Min step</h3>
      <Definitions entries={MACROS} />
      <p>
        Shift+Enter runs an expression. History begins with the first query after Grafana starts; a gap in collection is
        a gap in the graph.
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
