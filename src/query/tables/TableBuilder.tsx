// The builder of rows: table, columns, filters, order, limit.
import { css } from '@emotion/css';
import { AccessoryButton, EditorRow, InputGroup } from '@grafana/plugin-ui';
import { Alert, Button, Stack, type ComboboxOption } from '@grafana/ui';
import React, { useId } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { EditorField } from '../EditorField';
import { faultOf, marksOf } from '../fault';
import { FiltersField } from '../FiltersField';
import { useLabelLists } from '../labelLists';
import { LabelMenu } from '../LabelMenu';
import { LimitField } from '../LimitField';
import { SingleMenu } from '../SingleMenu';
import { toOption } from '../menu';
import { labelComparisons } from '../metrics/Filters';
import { variableOptions } from '../metrics/variables';
import { Named } from '../Named';
import type { ComparisonOperator, MesosQuery, OrderBy } from '../types';
import { useLabels } from '../useLabels';
import { fitTable } from './fit';
import { tableOf, type Column } from './schema';
import { useSchema } from './useSchema';

/** The keys of the query at whose fields the backend's messages are shown. */
export const TABLE_FIELDS = ['table', 'columns', 'filters', 'orderBy', 'limit'] as const;

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  /** Why the query cannot be compiled. */
  error?: string;
  onChange: (query: MesosQuery) => void;
}

/** The rows that are shown if limit is absent, and the most (pkg/query/table.go). */
const USUAL_LIMIT = 1000;
const MOST_ROWS = 10_000;

const comparisons = (): Array<ComboboxOption<ComparisonOperator>> => [
  ...labelComparisons(),
  { value: '<', description: t('query.filters.less', 'Is less, or earlier') },
  { value: '<=', description: t('query.filters.at-most', 'Is at most') },
  { value: '>', description: t('query.filters.more', 'Is more, or later') },
  { value: '>=', description: t('query.filters.at-least', 'Is at least') },
];

export function TableBuilder({ query, resources, error, onChange }: Props) {
  const id = useId();
  const { schema, error: notLoaded } = useSchema(resources);
  const fault = faultOf(error);
  const table = tableOf(schema, query.table);
  const lists = useLabelLists(query, resources);
  const about = table?.columns.map(columnOption) ?? [];
  const columnsOf = (names: string[]) =>
    names.map((name) => about.find(({ value }) => value === name) ?? toOption(name));
  const columns = columnsOf(useLabels(lists).labels);
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });

  return (
    <>
      {notLoaded && (
        <Alert
          severity="error"
          title={t('query.tables.not-loaded', 'Could not load the tables: {{error}}', {
            error: notLoaded,
          })}
        />
      )}
      <EditorRow>
        <EditorField
          label={t('query.tables.table', 'Table')}
          htmlFor={`${id}-table`}
          tooltip={table?.help}
          {...marksOf(fault, 'table')}
        >
          <SingleMenu
            id={`${id}-table`}
            minWidth={22}
            options={[
              ...(schema?.tables ?? []).map(({ name, help }) => ({ value: name, description: help })),
              ...variableOptions(),
            ]}
            value={query.table ? { value: query.table } : null}
            onChange={({ value }) => onChange(fitTable({ ...query, table: value }, schema))}
          />
        </EditorField>
        <EditorField
          label={t('query.tables.columns', 'Columns')}
          htmlFor={`${id}-columns`}
          {...marksOf(fault, 'columns')}
        >
          <LabelMenu
            id={`${id}-columns`}
            name={t('query.tables.columns', 'Columns')}
            lists={lists}
            optionsOf={columnsOf}
            value={(query.columns ?? []).map((value) => ({ value }))}
            placeholder={t('query.tables.columns-all', 'All')}
            minWidth={30}
            onChange={(chosen) => change({ columns: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined })}
          />
        </EditorField>
      </EditorRow>
      <EditorRow>
        <FiltersField
          filters={query.filters}
          lists={lists}
          fault={fault}
          operators={comparisons()}
          subject="column"
          onChange={(filters) => change({ filters })}
        />
      </EditorRow>
      <EditorRow>
        <EditorField label={t('query.tables.order-by', 'Order by')} {...marksOf(fault, 'orderBy')}>
          <Order
            orderBy={query.orderBy ?? []}
            columns={columns}
            onChange={(orderBy) => change({ orderBy: orderBy.length > 0 ? orderBy : undefined })}
          />
        </EditorField>
        <LimitField
          limit={query.limit}
          usual={USUAL_LIMIT}
          most={MOST_ROWS}
          tooltip={t('query.tables.limit-tooltip', 'How many rows: 1 to {{most}}.', { most: MOST_ROWS })}
          fault={fault}
          onChange={(limit) => change({ limit })}
        />
      </EditorRow>
    </>
  );
}

// A long name is cut where the page has no room for it.
const withinField = css({ minWidth: 0, maxWidth: '100%', '& > div > div > div': { minWidth: 80 } });

interface OrderProps {
  orderBy: OrderBy[];
  columns: ComboboxOption[];
  onChange: (orderBy: OrderBy[]) => void;
}

/** The columns that rows are sorted by, each with its direction. */
function Order({ orderBy, columns, onChange }: OrderProps) {
  const id = useId();
  const replace = (i: number, part: Partial<OrderBy>) =>
    onChange(orderBy.map((one, j) => (i === j ? { ...one, ...part } : one)));
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      {orderBy.map(({ column, direction = 'asc' }, i) => (
        <div key={i} className={withinField}>
          <InputGroup>
            <Named id={`${id}-${i}`} name={t('query.tables.order-by-column', 'Order by column')} />
            <SingleMenu
              minWidth={16}
              aria-labelledby={`${id}-${i}`}
              options={columns.some(({ value }) => value === column) ? columns : [{ value: column }, ...columns]}
              value={{ value: column }}
              onChange={({ value }) => replace(i, { column: value })}
            />
            <Button
              variant="secondary"
              icon={direction === 'desc' ? 'arrow-down' : 'arrow-up'}
              aria-label={directionText(direction)}
              tooltip={directionText(direction)}
              onClick={() => replace(i, { direction: direction === 'desc' ? 'asc' : 'desc' })}
            />
            <AccessoryButton
              icon="times"
              variant="secondary"
              aria-label={t('query.tables.order-remove', 'Remove order')}
              onClick={() => onChange(orderBy.filter((_, j) => i !== j))}
            />
          </InputGroup>
        </div>
      ))}
      <Button
        variant="secondary"
        icon="plus"
        aria-label={t('query.tables.order-add', 'Add order')}
        disabled={columns.length === 0}
        onClick={() => onChange([...orderBy, { column: columns[0].value }])}
      />
    </Stack>
  );
}

function directionText(direction: 'asc' | 'desc'): string {
  return direction === 'desc'
    ? t('query.tables.largest-first', 'The largest first')
    : t('query.tables.smallest-first', 'The smallest first');
}

function columnOption({ name, type, unit, help }: Column): ComboboxOption {
  return { value: name, description: `${help} (${[type, unit].filter(Boolean).join(', ')})` };
}
