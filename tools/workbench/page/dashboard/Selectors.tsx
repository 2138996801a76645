// The variables above a dashboard: a list to choose from for each.
import React from 'react';

import { InlineField, MultiCombobox } from '@grafana/ui';

import { allValues, chosenOf, type Variable } from './model.ts';
import type { Offer } from './variables.ts';

interface Props {
  variables: Variable[];
  offers: Record<string, Offer>;
  chosen: Record<string, string[]>;
  onChange: (chosen: Record<string, string[]>) => void;
}

/** All excludes single values, whichever was chosen last; no value is All again. */
function settle(variable: Variable, before: string[], now: string[]): string[] {
  const added = now.filter((value) => !before.includes(value));
  const list = variable.multi ? now : added;
  if (variable.includeAll && (list.length === 0 || added.includes(allValues))) {
    return [allValues];
  }
  return list.filter((value) => value !== allValues);
}

export function Selectors({ variables, offers, chosen, onChange }: Props) {
  return (
    <>
      {variables.map((variable) => {
        const { name, label } = variable;
        const { choices = [], error } = offers[name] ?? {};
        const now = chosenOf(variable, chosen);
        const all = variable.includeAll ? [{ label: 'All', value: allValues }] : [];
        return (
          <div key={name} data-testid="variable" data-name={name} data-choices={choices.length}>
            <InlineField label={label ?? name} invalid={!!error} error={error} transparent>
              <MultiCombobox
                id={`var-${name}`}
                options={[...all, ...choices]}
                value={now}
                onChange={(list) =>
                  onChange({
                    ...chosen,
                    [name]: settle(
                      variable,
                      now,
                      list.map((choice) => choice.value)
                    ),
                  })
                }
                width="auto"
                minWidth={16}
                maxWidth={60}
              />
            </InlineField>
          </div>
        );
      })}
    </>
  );
}
