// The values of a label: which label, of which series.
import { EditorField } from '@grafana/plugin-ui';
import { Combobox, type ComboboxOption } from '@grafana/ui';
import React, { useId } from 'react';

import { variableOptions } from '../query/metrics/variables';
import type { VariableLabelValues } from '../query/types';
import type { MesosResources } from '../resources';

interface Props {
  list: VariableLabelValues;
  /** The selector with the present values of variables in it: labels are completed from its series. */
  match?: string;
  resources: MesosResources;
  onChange: (list: VariableLabelValues) => void;
}

const SERIES_NAMES: ComboboxOption = { value: '__name__', description: 'The names of series' };

export function LabelValuesEditor({ list, match, resources, onChange }: Props) {
  const id = useId();
  const labels = async (typed: string) => {
    // A selector that is not finished has no series: all labels then.
    const found = await resources.labels(match ? [match] : []).catch(() => resources.labels().catch(() => []));
    return containing(typed, [...found.map(toOption), SERIES_NAMES, ...variableOptions()]);
  };
  const series = async (typed: string) =>
    containing(typed, (await resources.labelValues('__name__').catch(() => [])).map(toOption));

  return (
    <>
      <EditorField label="Label" htmlFor={`${id}-label`}>
        <Combobox
          id={`${id}-label`}
          width={30}
          placeholder="Choose a label"
          options={labels}
          value={list.label ? { value: list.label } : null}
          createCustomValue
          onChange={({ value }) => onChange({ ...list, label: value })}
        />
      </EditorField>
      <EditorField
        label="Of series"
        htmlFor={`${id}-match`}
        tooltip='A series or a selector such as mesos_task_state{framework="$framework"}. Without it: any series of the time range.'
      >
        <Combobox
          id={`${id}-match`}
          width={60}
          placeholder="Any"
          options={series}
          value={list.match ? { value: list.match } : null}
          createCustomValue
          isClearable
          onChange={(option) => {
            const { match: _match, ...rest } = list;
            onChange(option?.value ? { ...rest, match: option.value } : rest);
          }}
        />
      </EditorField>
    </>
  );
}

function toOption(value: string): ComboboxOption {
  return { value };
}

function containing(typed: string, options: ComboboxOption[]): ComboboxOption[] {
  const text = typed.toLowerCase();
  return options.filter(({ value }) => value.toLowerCase().includes(text));
}
