// Entities: which kind, what of them is the value, and which of them.
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Alert, Button, Combobox, RadioButtonGroup } from '@grafana/ui';
import React, { useId } from 'react';

import { entityOptions } from '../query/metrics/choices';
import { Filters } from '../query/metrics/Filters';
import { loadLabels, loadValues } from '../query/metrics/labels';
import { variableOptions } from '../query/metrics/variables';
import type { EntityList, VariableField } from '../query/types';
import { useCatalogue } from '../query/useCatalogue';
import type { MesosResources } from '../resources';

interface Props {
  list: EntityList;
  resources: MesosResources;
  onChange: (list: EntityList) => void;
}

const FIELDS: Array<{ label: string; value: VariableField; description: string }> = [
  { label: 'Name', value: 'name', description: 'Each name once' },
  { label: 'ID', value: 'id', description: 'The name is shown, the id is put into queries' },
];

export function EntitiesEditor({ list, resources, onChange }: Props) {
  const id = useId();
  const { catalogue, error, retry } = useCatalogue(resources);
  // Labels and their values are those of a builder query about the same entity.
  const subject = { refId: '', entity: list.entity };
  const options = entityOptions(subject, catalogue);

  return (
    <>
      {error && (
        <Alert severity="warning" title={`The list of what can be asked could not be loaded: ${error}`}>
          <Button size="sm" variant="secondary" onClick={retry}>
            Try again
          </Button>
        </Alert>
      )}
      <EditorRow>
        <EditorField label="Entity" htmlFor={`${id}-entity`}>
          <Combobox
            id={`${id}-entity`}
            width={22}
            options={[...options, ...variableOptions()]}
            value={options.find(({ value }) => value === list.entity) ?? null}
            onChange={({ value }) => {
              // Another entity has other labels.
              const { filters: _filters, ...rest } = list;
              onChange(value === list.entity ? list : { ...rest, entity: value });
            }}
          />
        </EditorField>
        <EditorField label="Value" tooltip="IDs tell entities of one name apart.">
          <RadioButtonGroup<VariableField>
            options={FIELDS}
            value={list.field ?? 'name'}
            onChange={(field) => onChange({ ...list, field })}
          />
        </EditorField>
        <EditorField label="Filters" tooltip="All of them must hold. Several values in one filter: any of them.">
          <Filters
            filters={list.filters ?? []}
            loadLabels={async () => (catalogue ? loadLabels(subject, catalogue, resources) : [])}
            loadValues={async (label) => (catalogue ? loadValues(label, subject, catalogue, resources) : [])}
            onChange={(filters) => {
              const { filters: _filters, ...rest } = list;
              onChange(filters.length > 0 ? { ...rest, filters } : rest);
            }}
          />
        </EditorField>
      </EditorRow>
    </>
  );
}
