// The folded row of options that any query has: legend, least step, format,
// type. As in Grafana's Prometheus editor, a change here runs the query.
import { CoreApp } from '@grafana/data';
import { EditorField, EditorRow, QueryOptionGroup } from '@grafana/plugin-ui';
import { Combobox, RadioButtonGroup } from '@grafana/ui';
import React, { useId } from 'react';

import { isDuration } from '../config/validate';
import { CommitInput } from './CommitInput';
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

const LEGENDS = [
  { label: 'Auto', value: 'auto' as const, description: 'The labels the query groups by' },
  { label: 'Custom', value: 'custom' as const, description: 'A text with {{label}} in it' },
];

const AUTO_LEGEND = '__auto';
const NEW_LEGEND = '{{label_name}}';

export function QueryOptions({ query, app, onChange, onRunQuery }: Props) {
  const change = (part: Partial<MesosQuery>) => {
    onChange({ ...query, ...part });
    onRunQuery();
  };
  const id = useId();
  const legend = customLegend(query);
  const kind = kindOf(query);
  const format = FORMATS.find(({ value }) => value === query.format) ?? FORMATS[0];
  const step = query.interval ?? '';

  return (
    <EditorRow>
      <QueryOptionGroup
        title="Options"
        collapsedInfo={[
          `Legend: ${legend ?? 'Auto'}`,
          `Format: ${format.label}`,
          `Step: ${step || 'auto'}`,
          `Type: ${KINDS.find(({ value }) => value === kind)?.label}`,
        ]}
      >
        <EditorField
          label="Legend"
          htmlFor={`${id}-legend`}
          tooltip="Name of a series. Auto: the labels the query groups by."
        >
          <div style={{ display: 'flex', gap: 4 }}>
            <Combobox
              id={`${id}-legend`}
              width={16}
              options={LEGENDS}
              value={legend === undefined ? 'auto' : 'custom'}
              onChange={({ value }) => change({ legendFormat: value === 'auto' ? AUTO_LEGEND : NEW_LEGEND })}
            />
            {legend !== undefined && (
              <CommitInput
                aria-label="Legend format"
                minWidth={22}
                value={legend}
                onCommit={(text) => change({ legendFormat: text || AUTO_LEGEND })}
              />
            )}
          </div>
        </EditorField>
        <EditorField
          label="Min step"
          tooltip="A lower limit for the step, and so for $__interval and $__rate_interval. The step is never shorter than the poll interval."
          invalid={step !== '' && !step.includes('$') && !isDuration(step)}
          error="a duration like 30s or 5m"
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
      </QueryOptionGroup>
    </EditorRow>
  );
}

/** A legend of the user's own, undefined for the automatic one. */
function customLegend({ legendFormat }: MesosQuery): string | undefined {
  return !legendFormat || legendFormat === AUTO_LEGEND ? undefined : legendFormat;
}

/** Absent range and instant mean range. */
function kindOf({ range, instant }: MesosQuery): QueryKind {
  if (!instant) {
    return 'range';
  }
  return range ? 'both' : 'instant';
}

function kindKeys(kind: QueryKind): Pick<MesosQuery, 'range' | 'instant'> {
  return { range: kind !== 'instant', instant: kind !== 'range' };
}

// A rule takes one result.
function kindsFor(app?: CoreApp) {
  return app === CoreApp.UnifiedAlerting ? KINDS.filter(({ value }) => value !== 'both') : KINDS;
}
