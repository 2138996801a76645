// The list of entities: of which kind, by name or id, and which of them.
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import { omit } from 'lodash';
import React, { useId, useMemo } from 'react';

import { t } from '../i18n';
import { CatalogueError } from '../query/CatalogueError';
import { FiltersField } from '../query/FiltersField';
import { fit } from '../query/fit';
import { useLabelLists } from '../query/labelLists';
import { entityOptions } from '../query/metrics/choices';
import { variableOptions } from '../query/metrics/variables';
import { SingleMenu } from '../query/SingleMenu';
import type { EntityList, VariableField } from '../query/types';
import { useCatalogue } from '../query/useCatalogue';
import type { MesosResources } from '../resources';

interface Props {
  list: EntityList;
  resources: MesosResources;
  onChange: (list: EntityList) => void;
}

const fields = (): Array<{ label: string; value: VariableField; description: string }> => [
  {
    label: t('variables.entities.name', 'Name'),
    value: 'name',
    description: t('variables.entities.name-about', 'Each name once'),
  },
  {
    label: t('variables.entities.id', 'ID'),
    value: 'id',
    description: t('variables.entities.id-about', 'The name is shown, the id is put into queries'),
  },
];

export function EntitiesEditor({ list, resources, onChange }: Props) {
  const id = useId();
  const { catalogue, error, retry } = useCatalogue(resources);
  // Labels, their values and filters are those of a builder query about the same entity.
  const subject = useMemo(() => ({ refId: '', entity: list.entity }), [list.entity]);
  const lists = useLabelLists(subject, resources);
  const options = entityOptions(subject, catalogue);

  return (
    <>
      <CatalogueError error={error} retry={retry} />
      <EditorRow>
        <EditorField label={t('query.metrics.entity', 'Entity')} htmlFor={`${id}-entity`}>
          <SingleMenu
            id={`${id}-entity`}
            width={22}
            options={[...options, ...variableOptions()]}
            value={options.find(({ value }) => value === list.entity) ?? null}
            onChange={({ value }) => {
              const { filters } = fit({ ...subject, entity: value, filters: list.filters }, catalogue);
              onChange({ ...omit(list, 'filters'), entity: value, ...(filters && { filters }) });
            }}
          />
        </EditorField>
        <EditorField
          label={t('variables.entities.value', 'Value')}
          tooltip={t('variables.entities.value-tip', 'IDs tell entities of one name apart.')}
        >
          <RadioButtonGroup<VariableField>
            options={fields()}
            value={list.field ?? 'name'}
            onChange={(field) => onChange({ ...list, field })}
          />
        </EditorField>
        <FiltersField
          filters={list.filters}
          lists={lists}
          onChange={(filters) => onChange({ ...omit(list, 'filters'), ...(filters && { filters }) })}
        />
      </EditorRow>
    </>
  );
}
