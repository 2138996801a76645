// The settings of collection and history as a table: key, words, default,
// and what is right. The editor draws it; the order is the editor's.
import type { MesosOptions } from './types';
import { agentAddressProblem, countProblem, durationProblem, sizeProblem } from './validate';

export type FieldKey = Exclude<keyof MesosOptions, 'masters' | 'timeout' | 'enableSecureSocksProxy'> &
  (
    | 'clusterName'
    | 'pollInterval'
    | 'taskSeries'
    | 'taskLabels'
    | 'agentStatistics'
    | 'agentAddress'
    | 'agentHosts'
    | 'agentBasicAuthUser'
    | 'maxSeries'
    | 'idleTimeout'
    | 'engine'
    | 'memoryLimit'
    | 'retention'
  );

interface Field {
  key: FieldKey;
  label: string;
  description: string;
  /** What an empty field means, as it would be written. */
  default: string;
}

/** Free text; `problem` says what is wrong with one that is not empty. */
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
  description: 'The label cluster of every series. Fill it in only where Mesos has no --cluster.',
  default: 'the cluster’s own name',
};

export const COLLECTION: FieldSpec[] = [
  {
    key: 'pollInterval',
    kind: 'text',
    label: 'Poll interval',
    description:
      'How often the leader is asked. Large clusters are asked for their state less often, by their number of agents. At least 10s.',
    default: '15s',
    problem: (value) => durationProblem(value, 10 * SECOND, '10s'),
  },
  {
    key: 'taskSeries',
    kind: 'choice',
    label: 'Task history',
    description: 'Whether history of single tasks and executors is kept. Current values are always there.',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Auto', description: 'While it fits into the limits below' },
      { value: 'always', label: 'Always', description: 'Also where it does not fit well' },
      { value: 'never', label: 'Never', description: 'Cluster, framework, role and agent only' },
    ],
  },
  {
    key: 'taskLabels',
    kind: 'tags',
    label: 'Task labels',
    description: 'Labels of tasks that become labels of their series, as label_<name>.',
    default: 'none',
  },
  {
    key: 'agentStatistics',
    kind: 'switch',
    label: 'Agent statistics',
    description:
      'Measured use of CPU and memory, and agents’ own metrics, for which every agent is asked itself, from Grafana’s server.',
    default: 'off',
  },
  {
    key: 'maxSeries',
    kind: 'number',
    label: 'Most series',
    description: 'Beyond it task series go first; the status says what is not kept.',
    default: '300000',
    problem: (value) => countProblem(Number(value), 1000),
  },
  {
    key: 'idleTimeout',
    kind: 'text',
    label: 'Idle time-out',
    description: 'Collection ends after this time without a query and begins again with the next.',
    default: '7d',
    problem: (value) => durationProblem(value, MINUTE, '1m'),
  },
];

/** Where agents are and who they let in; of use with agent statistics only. */
export const AGENTS: FieldSpec[] = [
  {
    key: 'agentAddress',
    kind: 'text',
    label: 'Agent address',
    description:
      'Where an agent is asked, with {hostname}, {ip}, {port} and {id} of what it told the master. Behind a router (DC/OS): https://router/agent/{id}.',
    default: 'http://{hostname}:{port}',
    problem: agentAddressProblem,
  },
  {
    key: 'agentHosts',
    kind: 'text',
    label: 'Agent hosts',
    description: 'A regular expression. Only agents whose whole host name or IP address it matches are asked.',
    default: 'all that the leader lists',
  },
  {
    key: 'agentBasicAuthUser',
    kind: 'text',
    label: 'Agent user',
    description: 'For agents only: they never get the credentials of the masters, nor masters theirs.',
    default: 'none',
  },
];

export const HISTORY: FieldSpec[] = [
  {
    key: 'engine',
    kind: 'choice',
    label: 'Engine',
    description: 'Where history is kept. The directory is set by whoever runs Grafana: history_path in grafana.ini.',
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
      'In memory: the oldest values go first. At least 16MiB. On disk: what is kept in memory while the disk cannot be written.',
    default: '256MiB',
    problem: (value) => sizeProblem(value, 16 * MiB, '16MiB'),
  },
  {
    key: 'retention',
    kind: 'text',
    label: 'Retention',
    description: 'How long values are kept; in memory as far as the memory limit reaches.',
    default: '15d',
    problem: (value) => durationProblem(value, 10 * MINUTE, '10m'),
  },
];

/** What is wrong with a stored value, or nothing. An absent one is the default. */
export function fieldProblem(field: FieldSpec, options: MesosOptions): string | undefined {
  const value = options[field.key];
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  switch (field.kind) {
    case 'text':
    case 'number':
      return field.problem?.(String(value));
    case 'choice':
      return field.options.some((option) => option.value === value)
        ? undefined
        : `must be one of ${field.options.map((option) => option.value).join(', ')}`;
    default:
      return undefined;
  }
}
