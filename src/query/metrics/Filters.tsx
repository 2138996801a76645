// The filters of a builder query: label, operator, values. An incomplete filter
// is kept here only; the query holds complete ones.
import { css } from '@emotion/css';
import { AccessoryButton, InputGroup } from '@grafana/plugin-ui';
import { Button, Stack, type ComboboxOption } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { useCallback, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { t } from '../../i18n';
import type { LabelLists } from '../lists';
import { isRegex, literal } from '../interpolate';
import { listedOptions, toOption } from '../menu';
import { MessageId } from '../EditorField';
import { SingleMenu } from '../SingleMenu';
import { MultiMenu } from '../MultiMenu';
import { Named } from '../Named';
import type { ComparisonOperator, Filter } from '../types';
import { rebased } from '../useChanges';
import { useLabels } from '../useLabels';
import { write } from '../useMenuKeys';
import { useSearch } from '../useSearch';
import { LabelProblem, problemOf, useLeftText } from './LabelProblem';
import { variableOptions } from './variables';

export interface Props {
  filters: Filter[];
  lists: LabelLists;
  /** The comparisons to choose from; by default those of labels. */
  operators?: Array<ComboboxOption<ComparisonOperator>>;
  /** What a filter is about. */
  subject?: keyof typeof SUBJECTS;
  /** The position of a filter that the backend refuses. */
  wrong?: number;
  /** Which part of it: label, operator or value. */
  wrongPart?: string;
  onChange: (filters: Filter[]) => void;
}

const LABEL = {
  placeholder: () => t('query.filters.label', 'Label'),
  name: () => t('query.filters.label-name', 'Label of the filter'),
};

/** The names of a filter's first menu, and what it says while it is empty. */
const SUBJECTS = {
  label: LABEL,
  field: LABEL, // of events, some of which are labels of tasks
  column: {
    placeholder: () => t('query.filters.column', 'Column'),
    name: () => t('query.filters.column-name', 'Column of the filter'),
  },
};

/** The comparisons of labels. */
export const labelComparisons = (): Array<ComboboxOption<ComparisonOperator>> => [
  { value: '=', description: t('query.filters.is', 'Is') },
  { value: '!=', description: t('query.filters.is-not', 'Is not') },
  { value: '=~', description: t('query.filters.matches', 'Matches the regular expression') },
  { value: '!~', description: t('query.filters.matches-not', 'Does not match it') },
];

/** A filter as it is being made. */
interface Draft {
  label?: string;
  operator: ComparisonOperator;
  values: string[];
}

export function Filters({ filters, wrong, wrongPart, onChange, ...item }: Props) {
  // `since` are the filters of the query when the drafts were changed, until it has those of the drafts.
  const [{ drafts, since }, setDrafts] = useState<{ drafts: Draft[]; since?: Filter[] }>(() => ({
    drafts: filters.map(toDraft),
  }));
  // The filter that was added last: its label is where one goes on.
  const [added, setAdded] = useState<number>();
  const addButton = useRef<HTMLButtonElement>(null);
  // The query was changed elsewhere (mode, history, undo): its filters replace the drafts.
  const stored = isEqual(complete(drafts), filters);
  if (since && stored) {
    setDrafts({ drafts });
  }
  const shown = useMemo(
    () => (stored || isEqual(since, filters) ? drafts : filters.map(toDraft)),
    [stored, since, drafts, filters]
  );

  // The query holds the complete ones of the drafts.
  const at = shown.findIndex((_, i) => complete(shown.slice(0, i + 1)).length - 1 === wrong);

  // A menu may report a choice after a later one of another menu (useChanges.ts): both are made of the newest drafts.
  const newest = useRef(shown);
  useLayoutEffect(() => {
    newest.current = shown;
  }, [shown]);
  const change = (edit: (drafts: Draft[]) => Draft[]) => {
    const next = edit(newest.current);
    const before = complete(newest.current);
    newest.current = next;
    setDrafts({ drafts: next, since: filters });
    const changed = complete(next);
    if (!isEqual(changed, before)) {
      onChange(changed);
    }
  };

  return (
    <Stack direction="row" gap={1} wrap="wrap">
      {shown.map((draft, i) => (
        <FilterItem
          key={i}
          draft={draft}
          added={i === added}
          others={complete(shown.filter((_, j) => i !== j))}
          {...item}
          invalid={i === at}
          invalidLabel={i === at && wrongPart === 'label'}
          onChange={(changed) =>
            change((drafts) => drafts.map((other, j) => (i === j ? rebased(other, draft, changed) : other)))
          }
          onDelete={() => {
            setAdded(undefined);
            change((drafts) => drafts.filter((_, j) => i !== j));
            addButton.current?.focus();
          }}
        />
      ))}
      <Button
        ref={addButton}
        variant="secondary"
        icon="plus"
        aria-label={t('query.filters.add', 'Add filter')}
        onClick={() => {
          setAdded(shown.length);
          change((drafts) => [...drafts, { operator: '=', values: [] }]);
        }}
      />
    </Stack>
  );
}

interface ItemProps extends Omit<Props, 'filters' | 'onChange' | 'wrong' | 'wrongPart'> {
  draft: Draft;
  added: boolean;
  invalid: boolean;
  /** Whether its label is what the backend refuses. */
  invalidLabel: boolean;
  /** The other filters: values are of what passes them. */
  others: Filter[];
  onChange: (draft: Draft) => void;
  onDelete: () => void;
}

function FilterItem({
  draft,
  added,
  others,
  invalid,
  invalidLabel,
  lists,
  operators = labelComparisons(),
  subject = 'label',
  onChange,
  onDelete,
}: ItemProps) {
  const id = useId();
  const { label, operator, values } = draft;
  const { labels, loading, unknown, whole, onFocus } = useLabels(lists);
  const { left: leftLabel, handlers } = useLeftText(label);
  // What the backend says of the filter is said already.
  const problem = invalid
    ? undefined
    : problemOf({ subject, label, values, left: leftLabel, labels: whole ? labels : undefined });
  const left = useRef<Left>(undefined);
  const takeLeft = useCallback(() => {
    const { current: taken } = left;
    left.current = undefined;
    return taken;
  }, []);
  const onLeft = useCallback((typed: Left) => {
    left.current = typed;
  }, []);
  const listed = [...labels.map(toOption), ...variableOptions()];
  const labelOptions = label && !listed.some(({ value }) => value === label) ? [toOption(label), ...listed] : listed;
  return (
    <div className={withinField}>
      <InputGroup>
        <div data-testid="filter-label" onFocus={onFocus} {...handlers}>
          <Named id={`${id}-label`} name={SUBJECTS[subject].name()} />
          <MessageId.Provider value={problem && `${id}-problem`}>
            <SingleMenu
              aria-labelledby={`${id}-label`}
              autoFocus={added}
              placeholder={SUBJECTS[subject].placeholder()}
              options={labelOptions}
              value={label ? { value: label } : null}
              loading={loading}
              createCustomValue={unknown}
              invalid={problem !== undefined || invalidLabel}
              onChange={(option) =>
                onChange({ ...draft, label: option.value, values: option.value === label ? values : [] })
              }
            />
          </MessageId.Provider>
        </div>
        <div data-testid="filter-operator">
          <Named id={`${id}-operator`} name={t('query.filters.comparison-name', 'Comparison of the filter')} />
          <SingleMenu<ComparisonOperator>
            width={9}
            aria-labelledby={`${id}-operator`}
            options={operators}
            value={operator}
            onChange={(option) => onChange({ ...draft, operator: option.value })}
          />
        </div>
        {/* Another label has other values, and a regular expression has them escaped: another menu. */}
        <FilterValues
          key={`${label} ${isRegex(operator)}`}
          draft={draft}
          others={others}
          invalid={invalid && !invalidLabel}
          lists={lists}
          takeLeft={takeLeft}
          onLeft={onLeft}
          onChange={onChange}
        />
        <AccessoryButton
          icon="times"
          variant="secondary"
          aria-label={t('query.filters.remove', 'Remove filter')}
          onClick={onDelete}
        />
      </InputGroup>
      <div aria-live="polite">
        {problem && (
          <LabelProblem
            id={`${id}-problem`}
            {...problem}
            // Values of a label that nothing has are those that were written for the one that is meant.
            onUse={(instead) => onChange({ ...draft, label: instead, values: leftLabel && label ? [] : values })}
          />
        )}
      </div>
    </div>
  );
}

// A long label and long values are cut where the page has no room for them.
const withinField = css({
  minWidth: 0,
  maxWidth: '100%',
  '& > div:first-child': { flexWrap: 'wrap' },
  '& [data-testid="filter-label"]': { minWidth: 80, maxWidth: '100%' },
  // They are as wide as their values where there is room, and go to a line of their own where there is none for a short one.
  '& [data-testid="filter-values"]': { minWidth: 120, maxWidth: '100%', flex: '1 1 120px' },
});

/** What was typed in a menu of values that had the focus when another one took its place. */
interface Left {
  text: string;
  keys: string[];
}

interface ValuesProps extends Pick<ItemProps, 'draft' | 'others' | 'invalid' | 'lists' | 'onChange'> {
  /** Returns what was typed in the menu before. */
  takeLeft: () => Left | undefined;
  onLeft: (typed: Left) => void;
}

function FilterValues({ draft, others, invalid, lists, takeLeft, onLeft, onChange }: ValuesProps) {
  const { label, operator, values } = draft;
  const { options, holdKeys, heldKeys, hold } = useSearch(
    async (typed) => {
      const listed = label ? await lists.values(label, typed, others) : { values: [], total: 0 };
      const options = listedOptions(typed, listed);
      return isRegex(operator)
        ? options.map((option) => ({ ...option, value: literal(option.value), label: option.value }))
        : options;
    },
    () => ({ options: [absent(), ...variableOptions()], custom: true })
  );
  // A menu reports a choice some time after the key that leaves it: typing has begun in this one by then. What its input
  // holds may be older than what was typed (useMenuKeys.ts).
  const around = useRef<HTMLDivElement>(null);
  const written = useRef('');
  useLayoutEffect(() => {
    const input = around.current?.querySelector('input');
    const before = takeLeft();
    if (input && before) {
      input.focus();
      if (before.text !== '') {
        write(input, before.text);
        hold(input, before.keys);
      }
    }
    return () => {
      if (input && input === document.activeElement) {
        onLeft({ text: written.current, keys: heldKeys() });
      }
    };
  }, [takeLeft, onLeft, heldKeys, hold]);
  return (
    <div
      ref={around}
      data-testid="filter-values"
      {...holdKeys}
      onInput={({ target }) => {
        written.current = target instanceof HTMLInputElement ? target.value : '';
      }}
      onBlur={() => {
        written.current = '';
      }}
    >
      <MultiMenu
        minWidth={20}
        name={
          label
            ? t('query.filters.values-of', 'Values of {{label}}', { label })
            : t('query.filters.values-name', 'Values of the filter')
        }
        placeholder={t('query.filters.values', 'Values')}
        invalid={invalid}
        options={options}
        value={values.map((value) => (value === '' ? absent() : { value }))}
        onChange={(chosen) => onChange({ ...draft, values: chosen.map(({ value }) => value) })}
      />
    </div>
  );
}

/** An empty value means that the label is absent (as in PromQL). */
const absent = (): ComboboxOption => ({
  value: '',
  label: t('query.filters.absent', '(absent)'),
  description: t('query.filters.absent-description', 'Without this label'),
});

function toDraft({ label, operator, value }: Filter): Draft {
  return { label, operator, values: [value].flat() };
}

function complete(drafts: Draft[]): Filter[] {
  return drafts.flatMap(({ label, operator, values }) =>
    label && values.length > 0 ? [{ label, operator, value: values.length === 1 ? values[0] : values }] : []
  );
}
