// The folded row of options that any query has: legend, least step, format,
// type. As in Grafana's Prometheus editor, a change here runs the query.
import { CoreApp } from '@grafana/data';
import { EditorRow, EditorSwitch, QueryOptionGroup } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import React, { useId, useRef } from 'react';

import { isDuration, notDuration } from './duration';
import { EditorField } from './EditorField';
import { inOrder, t } from '../i18n';
import { CommitInput } from './CommitInput';
import { AUTO_LEGEND, queryTypeOf, type KindKeys } from './defaults';
import { LegendInput } from './LegendInput';
import { SingleMenu } from './SingleMenu';
import type { MesosQuery } from './types';

interface Props {
  query: MesosQuery;
  app?: CoreApp;
  /** The labels of the query's result. */
  labels?: string[];
  /** Whether what is wrong with the least step is said beside the query: these options may be folded. */
  stepIsSaid?: boolean;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

const formats = () => [
  { label: t('query.options.format-time-series', 'Time series'), value: 'time_series' as const },
  { label: t('query.options.format-table', 'Table'), value: 'table' as const },
];

type QueryKind = 'range' | 'instant' | 'both';

const kinds = (): Array<{ label: string; value: QueryKind; description: string }> => [
  {
    label: t('query.options.range', 'Range'),
    value: 'range',
    description: t('query.options.range-about', 'Values over the time range'),
  },
  {
    label: t('query.options.instant', 'Instant'),
    value: 'instant',
    description: t('query.options.instant-about', 'One value per series, at the end of the time range'),
  },
  {
    label: t('query.options.both', 'Both'),
    value: 'both',
    description: t('query.options.both-about', 'A range and an instant result'),
  },
];

type LegendMode = 'auto' | 'verbose' | 'custom';

interface LegendOption {
  label: string;
  value: LegendMode;
  description: string;
}

/** The words of Grafana's Prometheus editor. A builder query always has labels to be named by. */
function legendOptions(query: MesosQuery): LegendOption[] {
  const auto = { label: t('query.options.legend-auto', 'Auto'), value: 'auto' as const };
  const custom: LegendOption = {
    label: t('query.options.legend-custom', 'Custom'),
    value: 'custom',
    description: t('query.options.legend-custom-about', 'A text with {{place}} in it', { place: '{{label}}' }),
  };
  if (queryTypeOf(query) !== 'promql') {
    const description = t('query.options.legend-auto-builder', 'The labels the query groups by');
    return [{ ...auto, description }, custom];
  }
  return [
    { ...auto, description: t('query.options.legend-auto-code', 'Only the labels that differ') },
    {
      label: t('query.options.legend-verbose', 'Verbose'),
      value: 'verbose',
      description: t('query.options.legend-verbose-about', 'Name and all labels'),
    },
    custom,
  ];
}

/** legendFormat as a choice of the menu makes it. */
const FORMAT_OF: Record<LegendMode, string> = { auto: AUTO_LEGEND, verbose: '', custom: '{{label_name}}' };

export function QueryOptions({ query, app, labels = [], stepIsSaid, onChange, onRunQuery }: Props) {
  const change = (part: Partial<MesosQuery>) => {
    onChange({ ...query, ...part });
    onRunQuery();
  };
  const id = useId();
  const legends = legendOptions(query);
  const legend = legendMode(query);
  // Set by the choice of Custom, whose field then appears for what is typed next.
  const chosen = useRef(false);
  const kind = kindOf(query, app);
  const format = formats().find(({ value }) => value === query.format) ?? formats()[0];
  const step = query.interval ?? '';

  return (
    <EditorRow>
      <QueryOptionGroup
        title={t('query.options.title', 'Options')}
        collapsedInfo={[
          t('query.options.legend-is', 'Legend: {{legend}}', {
            legend: legend === 'custom' ? query.legendFormat : legends.find(({ value }) => value === legend)?.label,
          }),
          t('query.options.format-is', 'Format: {{format}}', { format: format.label }),
          t('query.options.step-is', 'Step: {{step}}', { step: step || t('query.options.auto', 'auto') }),
          t('query.options.type-is', 'Type: {{type}}', { type: kinds().find(({ value }) => value === kind)?.label }),
          ...(query.live ? [t('query.options.live', 'Live')] : []),
        ]}
      >
        <EditorField
          label={t('query.options.legend', 'Legend')}
          htmlFor={`${id}-legend`}
          tooltip={inOrder(
            t('query.options.legend-tip', 'Name of a series.'),
            ...legends.map(({ label, description }) =>
              t('query.options.legend-means', '{{legend}}: {{meaning}}.', { legend: label, meaning: description })
            )
          )}
        >
          <div style={{ display: 'flex', gap: 4 }}>
            <SingleMenu<LegendMode>
              id={`${id}-legend`}
              width={16}
              options={legends}
              value={legend}
              onChange={({ value }) => {
                chosen.current = value === 'custom' && legend !== 'custom';
                change({ legendFormat: FORMAT_OF[value] });
              }}
            />
            {legend === 'custom' && (
              <LegendInput
                labels={labels}
                value={query.legendFormat ?? ''}
                takesFocus={() => {
                  const takes = chosen.current;
                  chosen.current = false;
                  return takes;
                }}
                onCommit={(text) => change({ legendFormat: text || AUTO_LEGEND })}
              />
            )}
          </div>
        </EditorField>
        <EditorField
          label={t('query.options.min-step', 'Min step')}
          tooltip={t(
            'query.options.min-step-tip',
            'A lower limit for the step, and so for $__interval and $__rate_interval. The step is never shorter than the poll interval.'
          )}
          invalid={step !== '' && !step.includes('$') && !isDuration(step)}
          error={stepIsSaid ? undefined : notDuration(step, '30s', '5m')}
        >
          <CommitInput
            aria-label={t('query.options.min-step', 'Min step')}
            placeholder={t('query.options.auto', 'auto')}
            minWidth={10}
            value={step}
            onCommit={(text) => change({ interval: text || undefined })}
          />
        </EditorField>
        <EditorField label={t('query.options.format', 'Format')} htmlFor={`${id}-format`}>
          <SingleMenu
            id={`${id}-format`}
            width={16}
            options={formats()}
            value={format.value}
            onChange={({ value }) => change({ format: value })}
          />
        </EditorField>
        <EditorField label={t('query.options.type', 'Type')}>
          <RadioButtonGroup<QueryKind>
            options={kindsFor(app)}
            value={kind}
            onChange={(value) => change(kindKeys(value))}
          />
        </EditorField>
        {(app !== CoreApp.UnifiedAlerting || query.live) && (
          <EditorField
            label={t('query.options.live', 'Live')}
            htmlFor={`${id}-live`}
            tooltip={t(
              'query.options.live-tip',
              'Points are added as they are collected, without a refresh, while somebody watches and the time range ends now.'
            )}
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
  return app === CoreApp.UnifiedAlerting ? kinds().filter(({ value }) => value !== 'both') : kinds();
}
