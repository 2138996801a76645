// The filters of a builder query: label, operator, values. An incomplete filter
// is kept here only; the query holds complete ones.
import { AccessoryButton, InputGroup } from '@grafana/plugin-ui';
import { Button, Combobox, MultiCombobox, Stack, type ComboboxOption } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { useState } from 'react';

import type { LabelLists } from '../lists';
import { containing, toOption } from '../menu';
import type { ComparisonOperator, Filter } from '../types';
import { variableOptions } from './variables';

export interface Props {
  filters: Filter[];
  lists: LabelLists;
  /** The comparisons to choose from; by default those of labels. */
  operators?: Array<ComboboxOption<ComparisonOperator>>;
  /** What a filter is about: Label, Column. */
  subject?: string;
  onChange: (filters: Filter[]) => void;
}

const OPERATORS: Array<ComboboxOption<ComparisonOperator>> = [
  { value: '=', description: 'Is' },
  { value: '!=', description: 'Is not' },
  { value: '=~', description: 'Matches the regular expression' },
  { value: '!~', description: 'Does not match it' },
];

/** A filter as it is being made. */
interface Draft {
  label?: string;
  operator: ComparisonOperator;
  values: string[];
}

export function Filters({ filters, onChange, ...item }: Props) {
  const [drafts, setDrafts] = useState(() => filters.map(toDraft));
  // The query was changed elsewhere (mode, history, undo): its filters replace the drafts.
  const shown = isEqual(complete(drafts), filters) ? drafts : filters.map(toDraft);

  const change = (next: Draft[]) => {
    setDrafts(next);
    const filters = complete(next);
    if (!isEqual(filters, complete(shown))) {
      onChange(filters);
    }
  };

  return (
    <Stack direction="row" gap={1} wrap="wrap">
      {shown.map((draft, i) => (
        <FilterItem
          key={i}
          draft={draft}
          {...item}
          onChange={(changed) => change(shown.map((other, j) => (i === j ? changed : other)))}
          onDelete={() => change(shown.filter((_, j) => i !== j))}
        />
      ))}
      <Button
        variant="secondary"
        icon="plus"
        aria-label="Add filter"
        onClick={() => change([...shown, { operator: '=', values: [] }])}
      />
    </Stack>
  );
}

interface ItemProps extends Omit<Props, 'filters' | 'onChange'> {
  draft: Draft;
  onChange: (draft: Draft) => void;
  onDelete: () => void;
}

function FilterItem({ draft, lists, operators = OPERATORS, subject = 'Label', onChange, onDelete }: ItemProps) {
  const { label, operator, values } = draft;
  const labelOptions = async (typed: string) => containing(typed, (await lists.labels()).map(toOption));
  const valueOptions = async (typed: string) => {
    const found = label ? await lists.values(label, typed) : [];
    return containing(typed, [...found.filter(Boolean).map(toOption), ABSENT, ...variableOptions()]);
  };
  return (
    <InputGroup>
      <div data-testid="filter-label">
        <Combobox
          width="auto"
          minWidth={14}
          placeholder={subject}
          options={labelOptions}
          value={label ? { value: label } : null}
          createCustomValue
          onChange={(option) =>
            onChange({ ...draft, label: option.value, values: option.value === label ? values : [] })
          }
        />
      </div>
      <div data-testid="filter-operator">
        <Combobox<ComparisonOperator>
          width={9}
          options={operators}
          value={operator}
          onChange={(option) => onChange({ ...draft, operator: option.value })}
        />
      </div>
      <div data-testid="filter-values">
        <MultiCombobox
          width="auto"
          minWidth={20}
          placeholder="Values"
          // A new label has other values: a new menu.
          key={label}
          options={valueOptions}
          value={values.map((value) => (value === '' ? ABSENT : { value }))}
          createCustomValue
          onChange={(chosen) => onChange({ ...draft, values: chosen.map(({ value }) => value) })}
        />
      </div>
      <AccessoryButton icon="times" variant="secondary" aria-label="Remove filter" onClick={onDelete} />
    </InputGroup>
  );
}

/** An empty value means that the label is absent (as in PromQL). */
const ABSENT: ComboboxOption = { value: '', label: '(absent)', description: 'Without this label' };

function toDraft({ label, operator, value }: Filter): Draft {
  return { label, operator, values: [value].flat() };
}

function complete(drafts: Draft[]): Filter[] {
  return drafts.flatMap(({ label, operator, values }) =>
    label && values.length > 0 ? [{ label, operator, value: values.length === 1 ? values[0] : values }] : []
  );
}
