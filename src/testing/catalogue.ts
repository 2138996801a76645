// A small catalogue in the backend's shape, for tests of the editors.
import type { Catalogue, CatalogueSeries } from '../resources';

function series(name: string, more: Partial<CatalogueSeries> = {}): CatalogueSeries {
  return { name, type: 'gauge', unit: 'cpus', help: `About ${name}.`, poll: 'state', ...more };
}

export const CATALOGUE: Catalogue = {
  series: [
    series('mesos_agent_info', { entity: 'agent', unit: 'none', labels: ['agent', 'agent_id', 'version'] }),
    series('mesos_agent_cpus_capacity', { entity: 'agent', resource: 'cpus', measure: 'capacity' }),
    series('mesos_agent_cpus_allocated', { entity: 'agent', resource: 'cpus', measure: 'allocated' }),
    series('mesos_agent_tasks_ended_total', {
      entity: 'agent',
      type: 'counter',
      unit: 'count',
      labels: ['agent', 'state'],
    }),
    series('mesos_framework_info', { entity: 'framework', unit: 'none' }),
    series('mesos_framework_cpus_allocated', { entity: 'framework', resource: 'cpus', measure: 'allocated' }),
    series('mesos_framework_tasks', { entity: 'framework', unit: 'count', labels: ['framework', 'state'] }),
    series('mesos_framework_tasks_ended_total', { entity: 'framework', type: 'counter', unit: 'count' }),
    series('mesos_master_messages_register_agent_total', { type: 'counter', unit: 'count', labels: ['master'] }),
    series('mesos_up', { unit: 'bool', labels: ['poll'], help: 'Whether the last poll succeeded.' }),
  ],
  aliases: [
    series('mesos_master_messages', {
      type: 'counter',
      unit: 'none',
      labels: ['type'],
      help: 'A name of mesos_exporter, answered from mesos_master_messages_register_agent_total.',
    }),
  ],
  entities: [
    {
      entity: 'cluster',
      labels: ['cluster'],
      defaultGroupBy: [],
      resources: ['cpus', 'tasks'],
      measures: { cpus: ['capacity', 'allocated', 'free'], tasks: ['active', 'ended', 'fits'] },
      counters: ['ended'],
    },
    {
      entity: 'agent',
      labels: ['cluster', 'agent', 'agent_id', 'version', 'attr_*'],
      defaultGroupBy: ['agent'],
      resources: ['cpus', 'tasks'],
      resourceLabels: { tasks: ['state'] },
      measures: { cpus: ['capacity', 'allocated', 'utilization'], tasks: ['active', 'failed'] },
      counters: ['failed'],
    },
    {
      entity: 'framework',
      labels: ['cluster', 'framework', 'framework_id', 'principal'],
      defaultGroupBy: ['framework'],
      resources: ['cpus', 'tasks'],
      resourceLabels: { tasks: ['state'] },
      measures: { cpus: ['allocated', 'share'], tasks: ['active', 'running', 'failed'] },
      counters: ['failed'],
      ratios: ['share'],
    },
    {
      entity: 'role',
      labels: ['cluster', 'role'],
      defaultGroupBy: ['role'],
      resources: ['cpus'],
      measures: { cpus: ['allocated', 'quota_limit'] },
      needs: { quota_limit: 'role' },
    },
    {
      entity: 'task',
      labels: ['cluster', 'task', 'task_id', 'framework', 'label_*'],
      defaultGroupBy: ['task'],
      resources: ['cpus'],
      measures: { cpus: ['allocated', 'share'] },
    },
  ],
  functions: ['increase', 'rate'],
  signatures: {
    increase: 'increase(range vector): instant vector',
    rate: 'rate(range vector): instant vector',
  },
};
