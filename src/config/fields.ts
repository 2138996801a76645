// The settings as a table: key, label, what it means and default, by the sections of the settings page and in their order.
// The labels are those of the table in docs/guide.md. Texts are functions: the language is known when they are drawn.
import { t } from '../i18n';

import type { MesosOptions } from './types';

type Text = () => string;

interface Field {
  key: keyof MesosOptions & string;
  label: Text;
  description: Text;
  /** What an empty field means: a value, or words. */
  default: string | Text;
}

interface TextField extends Field {
  /** A number is stored as one, where it is written as one. */
  kind: 'text' | 'number';
}

interface ChoiceField extends Field {
  kind: 'choice';
  default: string;
  options: Array<{ value: string; label: Text; description: Text }>;
}

interface OtherField extends Field {
  kind: 'switch' | 'tags';
}

export type FieldSpec = TextField | ChoiceField | OtherField;

const NONE = () => t('config.field.none', 'none');
const OFF = () => t('config.field.off', 'off');

export const CONNECTION: FieldSpec[] = [
  {
    key: 'clusterName',
    kind: 'text',
    label: () => t('config.cluster-name.label', 'Cluster name'),
    description: () =>
      t(
        'config.cluster-name.description',
        'The label cluster of every series. Only needed where Mesos runs without --cluster.'
      ),
    default: () => t('config.cluster-name.default', 'the cluster’s own name'),
  },
  {
    key: 'webUrl',
    kind: 'text',
    label: () => t('config.web-url.label', 'Web UI'),
    description: () =>
      t(
        'config.web-url.description',
        'Where browsers reach Mesos’ web UI, for links. Needed where they cannot reach the leader as Grafana’s server does.'
      ),
    default: 'http://leader:5050',
  },
];

export const COLLECTION: FieldSpec[] = [
  {
    key: 'pollInterval',
    kind: 'text',
    label: () => t('config.poll-interval.label', 'Poll interval'),
    description: () =>
      t(
        'config.poll-interval.description',
        'How often the leader is polled. The state of large clusters is polled less often, by their number of agents. At least 10s.'
      ),
    default: '15s',
  },
  {
    key: 'taskSeries',
    kind: 'choice',
    label: () => t('config.task-series.label', 'Task history'),
    description: () =>
      t(
        'config.task-series.description',
        'Whether the history of tasks and executors is kept. Their current values are always available.'
      ),
    default: 'auto',
    options: [
      {
        value: 'auto',
        label: () => t('config.task-series.auto', 'Auto'),
        description: () => t('config.task-series.auto-description', 'While all series fit into the limits'),
      },
      {
        value: 'always',
        label: () => t('config.task-series.always', 'Always'),
        description: () => t('config.task-series.always-description', 'Also when the limits are reached'),
      },
      {
        value: 'never',
        label: () => t('config.task-series.never', 'Never'),
        description: () => t('config.task-series.never-description', 'Cluster, framework, role and agent only'),
      },
    ],
  },
  {
    key: 'taskLabels',
    kind: 'tags',
    label: () => t('config.task-labels.label', 'Task labels'),
    description: () => t('config.task-labels.description', 'Labels of tasks that their series get, as label_<name>.'),
    default: NONE,
  },
  {
    key: 'maxSeries',
    kind: 'number',
    label: () => t('config.max-series.label', 'Series limit'),
    description: () =>
      t('config.max-series.description', 'Task series are dropped first. Save & test shows what is dropped.'),
    default: '300000',
  },
  {
    key: 'idleTimeout',
    kind: 'text',
    label: () => t('config.idle-timeout.label', 'Idle time-out'),
    description: () =>
      t(
        'config.idle-timeout.description',
        'Polling stops after this time without a query, and starts again with the next one.'
      ),
    default: '7d',
  },
  {
    key: 'subscribe',
    kind: 'choice',
    label: () => t('config.subscribe.label', 'Event stream'),
    description: () =>
      t(
        'config.subscribe.description',
        'The leader reports changes as they happen, over one connection. Large clusters are then polled less often.'
      ),
    default: 'auto',
    options: [
      {
        value: 'auto',
        label: () => t('config.subscribe.auto', 'Auto'),
        description: () => t('config.subscribe.auto-description', 'Used where the master allows it, beside polling'),
      },
      {
        value: 'never',
        label: () => t('config.subscribe.never', 'Never'),
        description: () => t('config.subscribe.never-description', 'Polling only'),
      },
    ],
  },
];

/** Reports whether agents are queried: for measured use, or for logs of tasks. */
export function asksAgents({ agentStatistics, sandboxLogs }: MesosOptions): boolean {
  return agentStatistics === true || (Boolean(sandboxLogs) && sandboxLogs !== 'none');
}

export const AGENTS: FieldSpec[] = [
  {
    key: 'agentStatistics',
    kind: 'switch',
    label: () => t('config.agent-statistics.label', 'Agent statistics'),
    description: () =>
      t(
        'config.agent-statistics.description',
        'Measured use of CPU and memory, and agents’ own metrics. Grafana’s server queries every agent for it.'
      ),
    default: OFF,
  },
  {
    key: 'agentAddress',
    kind: 'text',
    label: () => t('config.agent-address.label', 'Agent address'),
    // In braces are the plugin's own placeholders, and not the translation's.
    description: () =>
      t(
        'config.agent-address.description',
        'Address of an agent: {hostname}, {ip}, {port} and {id} are replaced by those of the agent. Behind a router (DC/OS): https://router/agent/{id}.'
      ),
    default: 'http://{hostname}:{port}',
  },
  {
    key: 'agentHosts',
    kind: 'text',
    label: () => t('config.agent-hosts.label', 'Agent hosts'),
    description: () =>
      t(
        'config.agent-hosts.description',
        'A regular expression (RE2). Only agents whose whole host name or IP address matches are queried.'
      ),
    default: () => t('config.agent-hosts.default', 'all agents'),
  },
  {
    key: 'agentBasicAuthUser',
    kind: 'text',
    label: () => t('config.agent-user.label', 'Agent user'),
    description: () =>
      t(
        'config.agent-user.description',
        'User for agents. Agents never get the credentials of the masters, nor masters those of agents.'
      ),
    default: NONE,
  },
];

export const HISTORY: FieldSpec[] = [
  {
    key: 'engine',
    kind: 'choice',
    label: () => t('config.engine.label', 'Engine'),
    description: () =>
      t('config.engine.description', 'Where history is kept. The directory is history_path in grafana.ini.'),
    default: 'auto',
    options: [
      {
        value: 'auto',
        label: () => t('config.engine.auto', 'Auto'),
        description: () => t('config.engine.auto-description', 'On disk where history_path is set, else in memory'),
      },
      {
        value: 'memory',
        label: () => t('config.engine.memory', 'Memory'),
        description: () => t('config.engine.memory-description', 'Lost when Grafana restarts'),
      },
      {
        value: 'remote',
        label: () => t('config.engine.remote', 'Remote'),
        description: () =>
          t(
            'config.engine.remote-description',
            'In Prometheus, Mimir, Thanos or VictoriaMetrics, the newest also here'
          ),
      },
    ],
  },
  {
    key: 'memoryLimit',
    kind: 'text',
    label: () => t('config.memory-limit.label', 'Memory limit'),
    description: () =>
      t(
        'config.memory-limit.description',
        'The oldest values are dropped first. With history on disk: for samples that cannot be written to it. At least 16MiB.'
      ),
    default: '256MiB',
  },
  {
    key: 'retention',
    kind: 'text',
    label: () => t('config.retention.label', 'Retention'),
    description: () =>
      t('config.retention.description', 'How long values are kept; in memory, as long as the memory limit allows.'),
    default: '15d',
  },
];

export const REMOTE: FieldSpec[] = [
  {
    key: 'remoteUrl',
    kind: 'text',
    label: () => t('config.remote-url.label', 'Remote URL'),
    description: () =>
      t(
        'config.remote-url.description',
        'Where history is read: the address of Prometheus’ HTTP API without /api/v1, for example https://mimir.example.com/prometheus.'
      ),
    default: NONE,
  },
  {
    key: 'remoteWriteUrl',
    kind: 'text',
    label: () => t('config.remote-write-url.label', 'Remote write URL'),
    description: () =>
      t(
        'config.remote-write-url.description',
        'Where samples are written, for example https://mimir.example.com/api/v1/push.'
      ),
    default: () => t('config.remote-write-url.default', 'the remote URL with /api/v1/write'),
  },
  {
    key: 'remoteTenant',
    kind: 'text',
    label: () => t('config.remote-tenant.label', 'Tenant'),
    description: () => t('config.remote-tenant.description', 'Sent as the header X-Scope-OrgID.'),
    default: NONE,
  },
  {
    key: 'remoteBasicAuthUser',
    kind: 'text',
    label: () => t('config.remote-user.label', 'Remote user'),
    description: () =>
      t('config.remote-user.description', 'For basic authentication at the remote engine. Masters never get it.'),
    default: NONE,
  },
  {
    key: 'remoteLabels',
    kind: 'text',
    label: () => t('config.remote-labels.label', 'Added labels'),
    // In braces is JSON, and not the translation's placeholder.
    description: () =>
      t(
        'config.remote-labels.description',
        'Labels that series get when they are written, as JSON. They are left out when history is read. Needed where several Grafanas write to one engine, and where the engine adds labels, as Thanos does.'
      ),
    default: NONE,
  },
  {
    key: 'replicas',
    kind: 'text',
    label: () => t('config.replicas.label', 'Replicas'),
    description: () =>
      t(
        'config.replicas.description',
        'For several Grafanas with this data source: an address in ZooKeeper, for example zk://zk1:2181,zk2:2181/mesos-datasource. One of them polls the cluster, the others answer from the remote engine.'
      ),
    default: () => t('config.replicas.default', 'none, each Grafana polls'),
  },
];

export const LOGS: FieldSpec[] = [
  {
    key: 'sandboxLogs',
    kind: 'choice',
    label: () => t('config.sandbox-logs.label', 'Logs of tasks'),
    description: () =>
      t(
        'config.sandbox-logs.description',
        'The least role that may read stdout and stderr of all tasks. Grafana’s server reads them from the agents, as set under Agents. Rules and public dashboards never may.'
      ),
    default: 'none',
    options: [
      {
        value: 'none',
        label: () => t('config.sandbox-logs.none', 'Nobody'),
        description: () => t('config.sandbox-logs.none-description', 'Logs are not shown'),
      },
      {
        value: 'admin',
        label: () => t('config.sandbox-logs.admin', 'Admin'),
        description: () => t('config.sandbox-logs.admin-description', 'Administrators of the organization'),
      },
      {
        value: 'editor',
        label: () => t('config.sandbox-logs.editor', 'Editor'),
        description: () => t('config.sandbox-logs.editor-description', 'Editors and administrators'),
      },
      {
        value: 'viewer',
        label: () => t('config.sandbox-logs.viewer', 'Viewer'),
        description: () =>
          t('config.sandbox-logs.viewer-description', 'Everybody who is logged in and may query this data source'),
      },
    ],
  },
];

export const TIMEOUT: FieldSpec = {
  key: 'timeout',
  kind: 'number',
  label: () => t('config.timeout.label', 'Timeout'),
  description: () =>
    t(
      'config.timeout.description',
      'Seconds that a request to a master may take, at most. An agent has 10 seconds at most.'
    ),
  default: '30',
};

export const SOCKS_PROXY: FieldSpec = {
  key: 'enableSecureSocksProxy',
  kind: 'switch',
  label: () => t('config.socks-proxy.label', 'Secure socks proxy'),
  description: () =>
    t(
      'config.socks-proxy.description',
      'Masters, agents and ZooKeeper are reached through the proxy that Grafana has.'
    ),
  default: OFF,
};

/** The fields of all sections. */
export const FIELDS: FieldSpec[] = [
  ...CONNECTION,
  ...COLLECTION,
  ...AGENTS,
  ...HISTORY,
  ...REMOTE,
  ...LOGS,
  TIMEOUT,
  SOCKS_PROXY,
];

/** Reports whether one of the fields has a value of its own. */
export function isSet(fields: FieldSpec[], options: MesosOptions): boolean {
  return fields.some(({ key }) => ![undefined, null, '', false].some((unset) => unset === options[key]));
}
