// The settings of collection and history as a table: key, label, default and
// check, in the order the editor shows them.
import type { MesosOptions } from './types';
import { agentAddressProblem, countProblem, durationProblem, sizeProblem, webUrlProblem } from './validate';

export type FieldKey = Exclude<keyof MesosOptions, 'masters' | 'agentHeaders' | 'timeout' | 'enableSecureSocksProxy'> &
  (
    | 'clusterName'
    | 'webUrl'
    | 'pollInterval'
    | 'taskSeries'
    | 'taskLabels'
    | 'agentStatistics'
    | 'sandboxLogs'
    | 'agentAddress'
    | 'agentHosts'
    | 'agentBasicAuthUser'
    | 'maxSeries'
    | 'idleTimeout'
    | 'subscribe'
    | 'engine'
    | 'memoryLimit'
    | 'retention'
  );

interface Field {
  key: FieldKey;
  label: string;
  description: string;
  /** The value of an empty field, as it would be written. */
  default: string;
}

/** Free text; `problem` returns what is wrong with one that is not empty. */
interface TextField extends Field {
  kind: 'text' | 'number';
  problem?: (value: string) => string | undefined;
}

interface ChoiceField extends Field {
  kind: 'choice';
  options: Array<{ value: string; label: string; description: string }>;
}

interface OtherField extends Field {
  kind: 'switch' | 'tags';
}

export type FieldSpec = TextField | ChoiceField | OtherField;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MiB = 1024 * 1024;

export const CLUSTER_NAME: FieldSpec = {
  key: 'clusterName',
  kind: 'text',
  label: 'Cluster name',
  description: 'The label cluster of every series. Only needed where Mesos runs without --cluster.',
  default: 'the cluster’s own name',
};

export const WEB_URL: FieldSpec = {
  key: 'webUrl',
  kind: 'text',
  label: 'Web UI',
  description:
    'Where browsers reach Mesos’ web UI, for links. Needed where they cannot reach the leader as Grafana’s server does.',
  default: 'http://leader:5050',
  problem: webUrlProblem,
};

export const COLLECTION: FieldSpec[] = [
  {
    key: 'pollInterval',
    kind: 'text',
    label: 'Poll interval',
    description:
      'How often the leader is polled. The state of large clusters is polled less often, by their number of agents. At least 10s.',
    default: '15s',
    problem: (value) => durationProblem(value, 10 * SECOND, '10s'),
  },
  {
    key: 'taskSeries',
    kind: 'choice',
    label: 'Task history',
    description: 'Whether the history of tasks and executors is kept. Their current values are always available.',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Auto', description: 'While all series fit into the limits below' },
      { value: 'always', label: 'Always', description: 'Also when the limits are reached' },
      { value: 'never', label: 'Never', description: 'Cluster, framework, role and agent only' },
    ],
  },
  {
    key: 'taskLabels',
    kind: 'tags',
    label: 'Task labels',
    description: 'Labels of tasks that their series get, as label_<name>.',
    default: 'none',
  },
  {
    key: 'agentStatistics',
    kind: 'switch',
    label: 'Agent statistics',
    description:
      'Measured use of CPU and memory, and agents’ own metrics. Grafana’s server queries every agent for it.',
    default: 'off',
  },
  {
    key: 'sandboxLogs',
    kind: 'choice',
    label: 'Logs of tasks',
    description:
      'The least role that may read stdout and stderr of all tasks. Grafana’s server reads them from the agents. Rules and public dashboards never may.',
    default: 'none',
    options: [
      { value: 'none', label: 'Nobody', description: 'Logs are not shown' },
      { value: 'admin', label: 'Admin', description: 'Administrators of the organization' },
      { value: 'editor', label: 'Editor', description: 'Editors and administrators' },
      { value: 'viewer', label: 'Viewer', description: 'Everybody who is logged in and may query this data source' },
    ],
  },
  {
    key: 'maxSeries',
    kind: 'number',
    label: 'Series limit',
    description: 'Task series are dropped first. Save & test shows what is dropped.',
    default: '300000',
    problem: (value) => countProblem(Number(value), 1000),
  },
  {
    key: 'idleTimeout',
    kind: 'text',
    label: 'Idle time-out',
    description: 'Polling stops after this time without a query, and starts again with the next one.',
    default: '7d',
    problem: (value) => durationProblem(value, MINUTE, '1m'),
  },
  {
    key: 'subscribe',
    kind: 'choice',
    label: 'Event stream',
    description:
      'The leader reports changes as they happen, over one connection. Large clusters are then polled less often.',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Auto', description: 'Used where the master allows it, beside polling' },
      { value: 'never', label: 'Never', description: 'Polling only' },
    ],
  },
];

/** Reports whether agents are queried: for measured use, or for logs of tasks. */
export function asksAgents({ agentStatistics, sandboxLogs }: MesosOptions): boolean {
  return agentStatistics === true || (Boolean(sandboxLogs) && sandboxLogs !== 'none');
}

/** Addresses and credentials of agents; only used where agents are queried. */
export const AGENTS: FieldSpec[] = [
  {
    key: 'agentAddress',
    kind: 'text',
    label: 'Agent address',
    description:
      'Address of an agent: {hostname}, {ip}, {port} and {id} are replaced by those of the agent. Behind a router (DC/OS): https://router/agent/{id}.',
    default: 'http://{hostname}:{port}',
    problem: agentAddressProblem,
  },
  {
    key: 'agentHosts',
    kind: 'text',
    label: 'Agent hosts',
    description: 'A regular expression. Only agents whose whole host name or IP address matches are queried.',
    default: 'all agents',
  },
  {
    key: 'agentBasicAuthUser',
    kind: 'text',
    label: 'Agent user',
    description: 'User for agents. Agents never get the credentials of the masters, nor masters those of agents.',
    default: 'none',
  },
];

export const HISTORY: FieldSpec[] = [
  {
    key: 'engine',
    kind: 'choice',
    label: 'Engine',
    description: 'Where history is kept. The directory is history_path in grafana.ini.',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Auto', description: 'On disk where history_path is set, else in memory' },
      { value: 'memory', label: 'Memory', description: 'Lost when Grafana restarts' },
    ],
  },
  {
    key: 'memoryLimit',
    kind: 'text',
    label: 'Memory limit',
    description:
      'The oldest values are dropped first. With history on disk: for samples that cannot be written to it. At least 16MiB.',
    default: '256MiB',
    problem: (value) => sizeProblem(value, 16 * MiB, '16MiB'),
  },
  {
    key: 'retention',
    kind: 'text',
    label: 'Retention',
    description: 'How long values are kept; in memory, as long as the memory limit allows.',
    default: '15d',
    problem: (value) => durationProblem(value, 10 * MINUTE, '10m'),
  },
];

/** Returns what is wrong with a stored value, or undefined. An absent value is the default. */
export function fieldProblem(field: FieldSpec, options: MesosOptions): string | undefined {
  const value = options[field.key];
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  switch (field.kind) {
    case 'text':
      return typeof value === 'string'
        ? field.problem?.(value.trim())
        : `${JSON.stringify(value)} is not a text in quotes`;
    case 'number':
      return Number.isNaN(Number(value)) ? `${JSON.stringify(value)} is not a number` : field.problem?.(String(value));
    case 'switch':
      return typeof value === 'boolean' ? undefined : `${JSON.stringify(value)} is not true or false`;
    case 'choice':
      return field.options.some((option) => option.value === value)
        ? undefined
        : `"${value}" is not possible: choose one of ${field.options.map((option) => option.value).join(', ')}`;
    default:
      return undefined;
  }
}
