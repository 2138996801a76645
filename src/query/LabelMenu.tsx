// A menu of several labels: groups, columns, nodes. Which labels there are is
// loaded when the menu is entered, and what is typed finds one at once.
import type { ComboboxOption } from '@grafana/ui';
import React from 'react';

import type { LabelLists } from './lists';
import { toOption } from './menu';
import { variableOptions } from './metrics/variables';
import { MultiMenu } from './MultiMenu';
import { useLabels } from './useLabels';

interface Props {
  id?: string;
  name: string;
  lists: Pick<LabelLists, 'labels'>;
  /** The options of the labels; by default all, as they are. */
  optionsOf?: (labels: string[]) => ComboboxOption[];
  value: ComboboxOption[];
  placeholder?: string;
  minWidth: number;
  /** Set by the field around the menu. */
  invalid?: boolean;
  onChange: (chosen: ComboboxOption[]) => void;
}

export function LabelMenu({ id, name, lists, optionsOf = asTheyAre, ...menu }: Props) {
  const { labels, loading, unknown, onFocus } = useLabels(lists);
  return (
    <div onFocus={onFocus}>
      <MultiMenu
        {...menu}
        id={id}
        name={name}
        options={[...optionsOf(labels), ...variableOptions()]}
        loading={loading}
        createCustomValue={unknown}
      />
    </div>
  );
}

const asTheyAre = (labels: string[]) => labels.map(toOption);
