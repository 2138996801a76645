// The editor of a node graph: what its nodes are, and of what part of the cluster.
import { EditorRow } from '@grafana/plugin-ui';
import React, { useId, useMemo } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { EditorField } from '../EditorField';
import { faultOf, marksOf } from '../fault';
import { FiltersField } from '../FiltersField';
import { useLabelLists } from '../labelLists';
import { LabelMenu } from '../LabelMenu';
import type { LabelLists } from '../lists';
import { toOption } from '../menu';
import type { MesosQuery } from '../types';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  /** Why the query was not answered. */
  error?: string;
  onChange: (query: MesosQuery) => void;
}

const EXAMPLE = 'framework, agent';

const levels = () => [
  { value: 'role', description: t('query.topology.roles', 'Roles') },
  { value: 'framework', description: t('query.topology.frameworks', 'Frameworks') },
  { value: 'agent', description: t('query.topology.agents', 'Agents') },
  { value: 'task', description: t('query.topology.tasks', 'Single tasks') },
];

export function TopologyEditor({ query, resources, error, onChange }: Props) {
  const id = useId();
  const fault = faultOf(error);
  const lists = useTopologyLists(resources);
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });
  return (
    <>
      <EditorRow>
        <EditorField
          label={t('query.topology.nodes', 'Nodes')}
          htmlFor={`${id}-nodes`}
          tooltip={t(
            'query.topology.nodes-tooltip',
            'What the nodes are, from left to right. An attribute of agents, as attr_rack, groups them.'
          )}
          {...marksOf(fault, 'groupBy')}
        >
          <LabelMenu
            id={`${id}-nodes`}
            name={t('query.topology.nodes', 'Nodes')}
            lists={lists}
            optionsOf={(labels) => [...levels(), ...labels.filter((label) => label.startsWith('attr_')).map(toOption)]}
            value={(query.groupBy ?? []).map((value) => ({ value }))}
            placeholder={EXAMPLE}
            minWidth={30}
            onChange={(chosen) => change({ groupBy: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined })}
          />
        </EditorField>
      </EditorRow>
      <EditorRow>
        <FiltersField filters={query.filters} lists={lists} fault={fault} onChange={(filters) => change({ filters })} />
      </EditorRow>
    </>
  );
}

/** Returns the labels of tasks that a graph is filtered by: those of their frameworks and agents, and no own ones. */
function useTopologyLists(resources: MesosResources): LabelLists {
  const lists = useLabelLists(TASKS, resources);
  return useMemo(
    () => ({
      labels: async () => {
        const { values, total } = await lists.labels();
        const labels = values.filter((label) => !label.startsWith('label_'));
        return values.length === 0
          ? { values, total }
          : {
              values: [...labels, STATE],
              total: total === values.length ? labels.length + 1 : undefined,
            };
      },
      values: (label, typed, others) =>
        label === STATE
          ? resources.labelValues(STATE, ['mesos_task_state'], typed)
          : lists.values(label, typed, others),
    }),
    [lists, resources]
  );
}

/** The label of a series of tasks of its own. */
const STATE = 'state';

const TASKS: MesosQuery = { refId: 'A', queryType: 'metrics', entity: 'task', resource: 'cpus', measure: 'allocated' };
