// The list of a label's values: of which label, of which series.
import { EditorField } from '@grafana/plugin-ui';
import { Combobox, type ComboboxOption } from '@grafana/ui';
import React, { useId } from 'react';

import { useSelectorLabels } from '../query/labelLists';
import { toOption } from '../query/menu';
import { variableOptions } from '../query/metrics/variables';
import type { VariableLabelValues } from '../query/types';
import { useLabels } from '../query/useLabels';
import { useSearch } from '../query/useSearch';
import type { MesosResources } from '../resources';

interface Props {
  list: VariableLabelValues;
  /** The selector with the current values of variables: its series have the labels that are offered. */
  match?: string;
  resources: MesosResources;
  onChange: (list: VariableLabelValues) => void;
}

const SERIES_NAMES: ComboboxOption = { value: '__name__', description: 'The names of series' };

export function LabelValuesEditor({ list, match, resources, onChange }: Props) {
  const id = useId();
  const labelsOfMatch = useSelectorLabels(match, resources);
  const { labels, unknown, onFocus } = useLabels(labelsOfMatch);
  const known = list.label && list.label !== SERIES_NAMES.value && !labels.includes(list.label) ? [list.label] : [];
  const { options: series, holdKeys } = useSearch(
    (typed) => resources.labelValues('__name__', [], typed),
    () => ({ custom: true })
  );

  return (
    <>
      <EditorField label="Label" htmlFor={`${id}-label`}>
        <div onFocus={onFocus}>
          <Combobox
            id={`${id}-label`}
            width={30}
            placeholder="Choose a label"
            options={[...[...known, ...labels].map(toOption), SERIES_NAMES, ...variableOptions()]}
            value={list.label ? { value: list.label } : null}
            createCustomValue={unknown}
            onChange={({ value }) => onChange({ ...list, label: value })}
          />
        </div>
      </EditorField>
      <EditorField
        label="Of series"
        htmlFor={`${id}-match`}
        tooltip='A series or a selector such as mesos_task_state{framework="$framework"}. Without it: any series of the time range.'
      >
        <div {...holdKeys}>
          <Combobox
            id={`${id}-match`}
            width={60}
            placeholder="Any"
            options={series}
            value={list.match ? { value: list.match } : null}
            isClearable
            onChange={(option) => {
              const { match: _match, ...rest } = list;
              if (!option?.infoOption) {
                onChange(option?.value ? { ...rest, match: option.value } : rest);
              }
            }}
          />
        </div>
      </EditorField>
    </>
  );
}
