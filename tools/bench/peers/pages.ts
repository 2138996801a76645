// The panels that viewers look at, for each tool: CPUs by framework, memory by role, running tasks. For Infinity from the
// smallest page of Mesos that has them.
import type { Page } from './servers.ts';

export const PANELS = {
  ours: [
    { queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' },
    { queryType: 'metrics', entity: 'role', resource: 'memory', measure: 'allocated' },
    { queryType: 'metrics', entity: 'cluster', resource: 'tasks', measure: 'running' },
  ],
  /** The exporter has nothing by framework: CPUs by agent instead, and the sums of the cluster. */
  exporter: [
    'sum by (slave) (mesos_slave_cpus_used)',
    'mesos_master_mem{type="used"}',
    'mesos_master_task_states_current{state="running"}',
  ],
  infinity: [
    {
      path: '/state-summary',
      root: 'frameworks',
      columns: {
        framework: { selector: 'name', type: 'string' },
        cpus: { selector: 'used_resources.cpus', type: 'number' },
      },
    },
    {
      path: '/roles',
      root: 'roles',
      columns: {
        role: { selector: 'name', type: 'string' },
        memory: { selector: 'allocated.mem', type: 'number' },
      },
    },
    {
      path: '/metrics/snapshot',
      root: '',
      columns: { running: { selector: 'master/tasks_running', type: 'number' } },
    },
  ] satisfies Page[] as Page[],
};

/** A table of tasks, which only /state has. */
export const TASKS: Page = {
  path: '/state',
  root: 'frameworks.#.tasks|@flatten',
  columns: {
    task: { selector: 'id', type: 'string' },
    framework: { selector: 'framework_id', type: 'string' },
    state: { selector: 'state', type: 'string' },
    cpus: { selector: 'resources.cpus', type: 'number' },
  },
};
