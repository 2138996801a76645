// The builder: what to ask (entity, resource, measure, or one series of the
// catalogue), of which (filters), and how to put it together.
import { css } from '@emotion/css';
import { EditorFieldGroup, EditorRow } from '@grafana/plugin-ui';
import { Icon, RadioButtonGroup, type ComboboxOption } from '@grafana/ui';
import { omit, pick } from 'lodash';
import React, { useId, useRef, useState } from 'react';

import { isDuration, notDuration } from '../duration';
import { listOf, t } from '../../i18n';
import type { Catalogue, MesosResources } from '../../resources';
import { BrowserButton } from '../browser/BrowserButton';
import { CatalogueError } from '../CatalogueError';
import { CommitInput } from '../CommitInput';
import { defaultQuery } from '../defaults';
import { EditorField } from '../EditorField';
import { FiltersField } from '../FiltersField';
import { faultOf, marksOf } from '../fault';
import { entityOf, fitAgain, type Fitted, isCounter, removedBy } from '../fit';
import { useLabelLists } from '../labelLists';
import { LabelMenu } from '../LabelMenu';
import type { LabelLists } from '../lists';
import { toOption } from '../menu';
import { SingleMenu } from '../SingleMenu';
import { nameOf } from '../names';
import { NumberField } from '../NumberField';
import type { Aggregate, MesosQuery, Rate } from '../types';
import { useCatalogue } from '../useCatalogue';
import { entityOptions, measureOptions, metricOptions, resourceOptions } from './choices';
import { ShapeFields } from './ShapeFields';
import { variableOptions } from './variables';

/** The keys of the query at whose fields the backend's messages are shown. */
export const METRICS_FIELDS = ['filters', 'groupBy', 'aggregate', 'rate', 'top', 'forecast', 'shape'] as const;

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  /** Why the query cannot be compiled. */
  error?: string;
  onChange: (query: MesosQuery) => void;
}

export function MetricsEditor({ query, resources, error, onChange }: Props) {
  const { catalogue, error: missing, retry } = useCatalogue(resources);
  const lists = useLabelLists(query, resources);
  // What the last change of the subject left of the query.
  const last = useRef<Fitted>(undefined);
  const [fitted, setFitted] = useState<Fitted>();
  return (
    <>
      <CatalogueError error={missing} retry={retry} />
      <Subject
        query={query}
        catalogue={catalogue}
        resources={resources}
        onChange={(changed) => {
          last.current = fitAgain(query, changed, catalogue, last.current);
          setFitted(last.current);
          onChange(last.current.query);
        }}
      />
      {query.measure === 'fits' && (
        <ShapeFields shape={query.shape} fault={faultOf(error)} onChange={(shape) => onChange({ ...query, shape })} />
      )}
      <EditorRow>
        <FiltersField
          filters={query.filters}
          lists={lists}
          fault={faultOf(error)}
          onChange={(filters) => onChange({ ...query, filters })}
        />
        <LeftOut labels={removedBy(query, fitted)} />
      </EditorRow>
      <Operations query={query} catalogue={catalogue} lists={lists} error={error} onChange={onChange} />
    </>
  );
}

/** What a change of the subject left out of the query, as what is asked now lacks its labels. */
function LeftOut({ labels }: { labels: string[] }) {
  return (
    <div role="status" className={belowRow}>
      {labels.length > 0 && (
        <>
          <Icon name="exclamation-triangle" />{' '}
          {t(
            'query.metrics.left-out',
            'No longer in the query, since what is asked now has no such label: {{labels}}. It comes back with what has it.',
            { labels: listOf(labels) }
          )}
        </>
      )}
    </div>
  );
}

const belowRow = css({ flex: '1 0 100%', order: 1, minWidth: 0, overflowWrap: 'anywhere' });

interface PartProps {
  query: MesosQuery;
  catalogue?: Catalogue;
  onChange: (query: MesosQuery) => void;
}

/** What a query asks of entities. */
const ENTITY = ['entity', 'resource', 'measure'] as const;

/** First row: what is asked. onChange fits the rest of the query to it. */
function Subject({ query, catalogue, resources, onChange }: PartProps & Pick<Props, 'resources'>) {
  const byMetric = query.metric !== undefined;
  // What was asked in the other way: a look at it costs no choice.
  const left = useRef<Pick<MesosQuery, (typeof ENTITY)[number] | 'metric'>>({});
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });
  const askMetric = (metric: string) => {
    if (!byMetric) {
      left.current = pick(query, ENTITY);
    }
    onChange({ ...omit(query, ENTITY), metric });
  };
  const askEntity = () => {
    const before = left.current.entity === undefined ? defaultQuery() : left.current;
    left.current = pick(query, 'metric');
    onChange({ ...omit(query, 'metric'), ...pick(before, ENTITY) });
  };
  return (
    <EditorRow>
      <EditorField
        label={t('query.metrics.ask', 'Ask')}
        tooltip={t('query.metrics.ask-tooltip', 'A measure of entities, or one series as it is stored.')}
      >
        <RadioButtonGroup
          options={[
            { label: t('query.metrics.by-entity', 'By entity'), value: 'entity' as const },
            { label: t('query.metrics.by-series', 'By series'), value: 'metric' as const },
          ]}
          value={byMetric ? 'metric' : 'entity'}
          onChange={(kind) => (kind === 'metric' ? askMetric(left.current.metric ?? '') : askEntity())}
        />
      </EditorField>
      {byMetric ? (
        <Choice
          label={t('query.metrics.series', 'Series')}
          wide
          value={query.metric}
          options={metricOptions(catalogue)}
          placeholder={t('query.metrics.choose-series', 'Choose a series')}
          onChange={askMetric}
        />
      ) : (
        <EditorFieldGroup>
          <Choice
            label={t('query.metrics.entity', 'Entity')}
            value={query.entity}
            options={entityOptions(query, catalogue)}
            onChange={(entity) => change({ entity })}
          />
          <Choice
            label={t('query.metrics.resource', 'Resource')}
            value={query.resource}
            options={resourceOptions(query, catalogue)}
            onChange={(resource) => change({ resource })}
          />
          <Choice
            label={t('query.metrics.measure', 'Measure')}
            value={query.measure}
            options={measureOptions(query, catalogue)}
            onChange={(measure) => change({ measure })}
          />
        </EditorFieldGroup>
      )}
      <div className={atTheBottom}>
        <BrowserButton resources={resources} onChoose={askMetric} />
      </div>
    </EditorRow>
  );
}

// In one line with the menus, below the height of their labels.
const atTheBottom = css({ alignSelf: 'flex-end' });

// The option of the menu Group by for an empty list: one total. No choice is the entity's default.
const TOTAL = '__total';

/** Third row: grouping and what is done with the groups. */
function Operations({ query, catalogue, lists, error, onChange }: PartProps & { lists: LabelLists; error?: string }) {
  const id = useId();
  const counter = isCounter(query, catalogue);
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });
  const groups = query.groupBy?.length === 0 ? [TOTAL] : (query.groupBy ?? []);

  const fault = faultOf(error);

  return (
    <EditorRow>
      <EditorField
        label={t('query.metrics.group-by', 'Group by')}
        htmlFor={`${id}-group`}
        {...marksOf(fault, 'groupBy')}
      >
        <LabelMenu
          id={`${id}-group`}
          name={t('query.metrics.group-by', 'Group by')}
          lists={lists}
          optionsOf={(labels) => [
            {
              value: TOTAL,
              label: totalText(),
              description: t('query.metrics.total-description', 'One number for all'),
            },
            ...labels.map(toOption),
          ]}
          value={groups.map((value) => ({ value, label: value === TOTAL ? totalText() : value }))}
          placeholder={defaultGroups(query, catalogue)}
          minWidth={25}
          onChange={(chosen) => change({ groupBy: chosenGroups(groups, chosen) })}
        />
      </EditorField>
      <EditorField
        label={t('query.metrics.aggregate', 'Aggregate')}
        htmlFor={`${id}-aggregate`}
        tooltip={t('query.metrics.aggregate-tooltip', 'How entities in one group become one number.')}
        {...marksOf(fault, 'aggregate')}
      >
        <SingleMenu<Aggregate>
          id={`${id}-aggregate`}
          width={16}
          isClearable
          placeholder={
            query.metric !== undefined && !query.groupBy
              ? t('query.metrics.aggregate-none', 'None')
              : t('query.metrics.aggregate-sum', 'Sum')
          }
          options={aggregates()}
          value={query.aggregate ?? null}
          onChange={(option) => change({ aggregate: option?.value })}
        />
      </EditorField>
      {(counter !== false || query.rate) && (
        <EditorField
          label={t('query.metrics.counted', 'Counted')}
          htmlFor={`${id}-rate`}
          tooltip={t(
            'query.metrics.counted-tooltip',
            'What a counter is shown as: how much it rose in each step, which grows with the time range, or its rate.'
          )}
          {...marksOf(fault, 'rate')}
        >
          <SingleMenu<Rate | ''>
            id={`${id}-rate`}
            width={18}
            options={rates()}
            value={query.rate === true ? 'second' : query.rate || ''}
            onChange={({ value }) => change({ rate: value || undefined })}
          />
        </EditorField>
      )}
      <NumberField
        label={t('query.metrics.top', 'Top')}
        tooltip={t(
          'query.metrics.top-tooltip',
          'How many of the largest to keep, 1 to 100; negative: of the smallest.'
        )}
        whole
        placeholder={t('query.metrics.top-all', 'all')}
        minWidth={8}
        value={query.top}
        onChange={(top) => change({ top })}
        {...(query.top === 0 ? { invalid: true, error: zeroTop() } : marksOf(fault, 'top'))}
      />
      {(!counter || query.forecast) && (
        <EditorField
          label={t('query.metrics.forecast', 'Forecast')}
          htmlFor={`${id}-forecast`}
          tooltip={t(
            'query.metrics.forecast-tooltip',
            'What is expected up to this much later, from as much history: 1h, 1d. It is drawn after now as a dashed line: choose a time range that ends later, such as now-1d to now+1d. Instant is the value at the end.'
          )}
          {...(query.forecast && !query.forecast.includes('$') && !isDuration(query.forecast)
            ? { invalid: true, error: notDuration(query.forecast, '1h', '1d') }
            : marksOf(fault, 'forecast'))}
        >
          <CommitInput
            id={`${id}-forecast`}
            placeholder={t('query.metrics.forecast-off', 'off')}
            minWidth={8}
            value={query.forecast ?? ''}
            onCommit={(text) => change({ forecast: text || undefined })}
          />
        </EditorField>
      )}
    </EditorRow>
  );
}

const zeroTop = () =>
  t(
    'query.metrics.top-zero',
    '0 keeps nothing: write 1 to 100, or -1 to -100 for the smallest. Empty shows all, as now'
  );

const totalText = () => t('query.metrics.total', 'Total');

const rates = (): Array<ComboboxOption<Rate | ''>> => [
  { value: '', label: t('query.metrics.rate-none', 'In each step') },
  { value: 'second', label: t('query.metrics.rate-second', 'Per second') },
  {
    value: 'minute',
    label: t('query.metrics.rate-minute', 'Per minute'),
    description: t('query.metrics.rate-minute-description', 'Of counts'),
  },
];

const aggregates = (): Array<ComboboxOption<Aggregate>> => [
  {
    value: 'sum',
    label: t('query.metrics.aggregate-sum', 'Sum'),
    description: t('query.metrics.aggregate-sum-description', 'Of ratios: the ratio of the sums'),
  },
  { value: 'avg', label: t('query.metrics.aggregate-avg', 'Average') },
  { value: 'min', label: t('query.metrics.aggregate-min', 'Minimum') },
  { value: 'max', label: t('query.metrics.aggregate-max', 'Maximum') },
  {
    value: 'count',
    label: t('query.metrics.aggregate-count', 'Count'),
    description: t('query.metrics.aggregate-count-description', 'How many there are'),
  },
];

/** Returns the groups after a change of the menu: a total excludes labels, and labels a total; none is the default. */
function chosenGroups(before: string[], chosen: Array<ComboboxOption<string>>): string[] | undefined {
  const values = chosen.map(({ value }) => value);
  const labels = values.filter((value) => value !== TOTAL);
  const totalIsNew = values.includes(TOTAL) && !before.includes(TOTAL);
  if (totalIsNew || (values.includes(TOTAL) && labels.length === 0)) {
    return [];
  }
  return labels.length > 0 ? labels : undefined;
}

function defaultGroups(query: MesosQuery, catalogue?: Catalogue): string {
  if (query.metric !== undefined) {
    return t('query.metrics.group-none', 'None: each series');
  }
  const labels = entityOf(query, catalogue)?.defaultGroupBy ?? [];
  return labels.length > 0 ? labels.join(', ') : totalText();
}

interface ChoiceProps {
  label: string;
  value?: string;
  options: ComboboxOption[];
  placeholder?: string;
  /** For long values, but not wider than the editor. */
  wide?: boolean;
  onChange: (value: string) => void;
}

/** A labelled menu that also takes a variable. */
function Choice({ label, value, options, placeholder, wide, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <EditorField label={label} htmlFor={id}>
      <div className={wide ? wideMenu : undefined}>
        <SingleMenu
          id={id}
          width={wide ? 'full' : 22}
          placeholder={placeholder}
          options={[...options, ...variableOptions()]}
          value={value ? (options.find((option) => option.value === value) ?? { value, label: nameOf(value) }) : null}
          onChange={(option) => onChange(option.value)}
        />
      </div>
    </EditorField>
  );
}

const wideMenu = css({ width: 480, maxWidth: '80vw' });
