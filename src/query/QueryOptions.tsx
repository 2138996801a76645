// The folded row of options that any query has: legend, least step, format,
// type. As in Grafana's Prometheus editor, a change here runs the query.
import { CoreApp } from '@grafana/data';
import { EditorField, EditorRow, EditorSwitch, QueryOptionGroup } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup } from '@grafana/ui';
import React, { useId } from 'react';

import { isDuration, notDuration } from '../config/validate';
import { CommitInput } from './CommitInput';
import { AUTO_LEGEND, queryTypeOf, type KindKeys } from './defaults';
import type { MesosQuery } from './types';

interface Props {
  query: MesosQuery;
  app?: CoreApp;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

const FORMATS = [
  { label: 'Time series', value: 'time_series' as const },
  { label: 'Table', value: 'table' as const },
];

type QueryKind = 'range' | 'instant' | 'both';

const KINDS: Array<{ label: string; value: QueryKind; description: string }> = [
  { label: 'Range', value: 'range', description: 'Values over the time range' },
  { label: 'Instant', value: 'instant', description: 'One value per series, at the end of the time range' },
  { label: 'Both', value: 'both', description: 'A range and an instant result' },
];

type LegendMode = 'auto' | 'verbose' | 'custom';

interface LegendOption {
  label: string;
  value: LegendMode;
  description: string;
}

const CUSTOM: LegendOption = { label: 'Custom', value: 'custom', description: 'A text with {{label}} in it' };

/** The words of Grafana's Prometheus editor. A builder query always has labels to be named by. */
const LEGENDS: Record<'builder' | 'code', LegendOption[]> = {
  builder: [{ label: 'Auto', value: 'auto', description: 'The labels the query groups by' }, CUSTOM],
  code: [
    { label: 'Auto', value: 'auto', description: 'Only the labels that differ' },
    { label: 'Verbose', value: 'verbose', description: 'Name and all labels' },
    CUSTOM,
  ],
};

/** legendFormat as a choice of the menu makes it. */
const FORMAT_OF: Record<LegendMode, string> = { auto: AUTO_LEGEND, verbose: '', custom: '{{label_name}}' };

export function QueryOptions({ query, app, onChange, onRunQuery }: Props) {
  const change = (part: Partial<MesosQuery>) => {
    onChange({ ...query, ...part });
    onRunQuery();
  };
  const id = useId();
  const legends = LEGENDS[queryTypeOf(query) === 'promql' ? 'code' : 'builder'];
  const legend = legendMode(query);
  const kind = kindOf(query, app);
  const format = FORMATS.find(({ value }) => value === query.format) ?? FORMATS[0];
  const step = query.interval ?? '';

  return (
    <EditorRow>
      <QueryOptionGroup
        title="Options"
        collapsedInfo={[
          `Legend: ${legend === 'custom' ? query.legendFormat : legends.find(({ value }) => value === legend)?.label}`,
          `Format: ${format.label}`,
          `Step: ${step || 'auto'}`,
          `Type: ${KINDS.find(({ value }) => value === kind)?.label}`,
          ...(query.live ? ['Live'] : []),
        ]}
      >
        <EditorField
          label="Legend"
          htmlFor={`${id}-legend`}
          tooltip={`Name of a series. ${legends.map(({ label, description }) => `${label}: ${description}`).join('. ')}.`}
        >
          <div style={{ display: 'flex', gap: 4 }}>
            <Combobox<LegendMode>
              id={`${id}-legend`}
              width={16}
              options={legends}
              value={legend}
              onChange={({ value }) => change({ legendFormat: FORMAT_OF[value] })}
            />
            {legend === 'custom' && (
              <CommitInput
                aria-label="Legend format"
                minWidth={22}
                value={query.legendFormat ?? ''}
                onCommit={(text) => change({ legendFormat: text || AUTO_LEGEND })}
              />
            )}
          </div>
        </EditorField>
        <EditorField
          label="Min step"
          tooltip="A lower limit for the step, and so for $__interval and $__rate_interval. The step is never shorter than the poll interval."
          invalid={step !== '' && !step.includes('$') && !isDuration(step)}
          error={notDuration(step, '30s or 5m')}
        >
          <CommitInput
            aria-label="Min step"
            placeholder="auto"
            minWidth={10}
            value={step}
            onCommit={(text) => change({ interval: text || undefined })}
          />
        </EditorField>
        <EditorField label="Format" htmlFor={`${id}-format`}>
          <Combobox
            id={`${id}-format`}
            width={16}
            options={FORMATS}
            value={format.value}
            onChange={({ value }) => change({ format: value })}
          />
        </EditorField>
        <EditorField label="Type">
          <RadioButtonGroup<QueryKind>
            options={kindsFor(app)}
            value={kind}
            onChange={(value) => change(kindKeys(value))}
          />
        </EditorField>
        {(app !== CoreApp.UnifiedAlerting || query.live) && (
          <EditorField
            label="Live"
            htmlFor={`${id}-live`}
            tooltip="Points are added as they are collected, without a refresh, while somebody watches and the time range ends now."
          >
            <EditorSwitch
              id={`${id}-live`}
              value={query.live ?? false}
              onChange={(event) => change({ live: event.currentTarget.checked || undefined })}
            />
          </EditorField>
        )}
      </QueryOptionGroup>
    </EditorRow>
  );
}

/** What an absent legendFormat means depends on the query's type, as it does in the backend. */
function legendMode(query: MesosQuery): LegendMode {
  if (!query.legendFormat) {
    return queryTypeOf(query) === 'promql' ? 'verbose' : 'auto';
  }
  return query.legendFormat === AUTO_LEGEND ? 'auto' : 'custom';
}

/** Returns what the backend answers: a range where both keys are absent, to a rule the instant result alone. */
function kindOf({ range, instant }: MesosQuery, app?: CoreApp): QueryKind {
  if (!instant) {
    return 'range';
  }
  return range && app !== CoreApp.UnifiedAlerting ? 'both' : 'instant';
}

function kindKeys(kind: QueryKind): KindKeys {
  return { range: kind !== 'instant', instant: kind !== 'range' };
}

// A rule evaluates one result.
function kindsFor(app?: CoreApp) {
  return app === CoreApp.UnifiedAlerting ? KINDS.filter(({ value }) => value !== 'both') : KINDS;
}
