// The editor of a node graph: what its nodes are, and of what part of the cluster.
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { MultiCombobox } from '@grafana/ui';
import React, { useId } from 'react';

import type { MesosResources } from '../../resources';
import { FiltersField } from '../FiltersField';
import { useLabelLists } from '../labelLists';
import { toOption } from '../menu';
import { Named } from '../Named';
import { variableOptions } from '../metrics/variables';
import type { MesosQuery } from '../types';
import { useLabels } from '../useLabels';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  onChange: (query: MesosQuery) => void;
}

const LEVELS = [
  { value: 'role', description: 'Roles' },
  { value: 'framework', description: 'Frameworks' },
  { value: 'agent', description: 'Agents' },
  { value: 'task', description: 'Single tasks' },
];

export function TopologyEditor({ query, resources, onChange }: Props) {
  const id = useId();
  // Tasks have the labels of the frameworks and agents that they belong to.
  const lists = useLabelLists(TASKS, resources);
  const { labels, unknown, onFocus } = useLabels(lists);
  const attributes = labels.filter((label) => label.startsWith('attr_'));
  const options = [...LEVELS, ...attributes.map(toOption), ...variableOptions()];
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });
  return (
    <EditorRow>
      <EditorField
        label="Nodes"
        htmlFor={`${id}-nodes`}
        tooltip="What the nodes are, from left to right. An attribute of agents, as attr_rack, groups them."
      >
        <div onFocus={onFocus}>
          <Named id={`${id}-nodes-name`} name="Nodes" />
          <MultiCombobox
            id={`${id}-nodes`}
            aria-labelledby={`${id}-nodes-name`}
            width="auto"
            minWidth={30}
            placeholder="framework, agent"
            options={options}
            value={(query.groupBy ?? []).map((value) => ({ value }))}
            createCustomValue={unknown}
            onChange={(chosen) => change({ groupBy: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined })}
          />
        </div>
      </EditorField>
      <FiltersField filters={query.filters} lists={lists} onChange={(filters) => change({ filters })} />
    </EditorRow>
  );
}

const TASKS: MesosQuery = { refId: 'A', queryType: 'metrics', entity: 'task', resource: 'cpus', measure: 'allocated' };
