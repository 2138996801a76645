// The settings as Grafana stores them (jsonData and secureJsonData). The keys are public: provisioning files hold them.
import type { DataSourceJsonData } from '@grafana/data';

export type TaskSeries = 'auto' | 'always' | 'never';
export type Subscribe = 'auto' | 'never';
export type SandboxLogs = 'none' | 'admin' | 'editor' | 'viewer';
export type Engine = 'auto' | 'memory' | 'remote';

/**
 * jsonData. Every key but masters is optional; nothing in here is secret: Viewers can read it. Names of headers for masters
 * are httpHeaderName1, 2, ... beside these.
 */
export interface MesosOptions extends DataSourceJsonData {
  /** Addresses of the masters, http or https; or one zk://zk1:2181,zk2:2181/mesos. */
  masters?: string[];
  /** The label `cluster`, where Mesos has no --cluster. */
  clusterName?: string;
  /** Address of Mesos' web UI, for links; by default the leader's. */
  webUrl?: string;
  pollInterval?: string;
  taskSeries?: TaskSeries;
  /** Task labels that become labels of task series. */
  taskLabels?: string[];
  agentStatistics?: boolean;
  /** The least role that may read logs of tasks. */
  sandboxLogs?: SandboxLogs;
  /** Address of an agent: {hostname} {ip} {port} {id} are replaced by what the leader lists. */
  agentAddress?: string;
  /** Regular expression for the hosts of agents that are queried. */
  agentHosts?: string;
  agentBasicAuthUser?: string;
  /** Names of HTTP headers for agents; '' is a place whose name was removed. */
  agentHeaders?: string[];
  maxSeries?: number;
  idleTimeout?: string;
  /** Whether the event stream of the leader is read. */
  subscribe?: Subscribe;
  engine?: Engine;
  memoryLimit?: string;
  retention?: string;

  /** Of the engine remote: the address of Prometheus' HTTP API, without /api/v1. */
  remoteUrl?: string;
  /** Where samples are written; by default remoteUrl with /api/v1/write. */
  remoteWriteUrl?: string;
  /** The header X-Scope-OrgID. */
  remoteTenant?: string;
  remoteBasicAuthUser?: string;
  /** Labels that are added when writing, and left out when reading. What is typed is text, which the backend reads. */
  remoteLabels?: Record<string, string> | string;
  /** Address in ZooKeeper below which several Grafanas elect the one that polls. */
  replicas?: string;

  /** Seconds, Grafana's own HTTP client option. As text it is read as a number, too. */
  timeout?: number;
  enableSecureSocksProxy?: boolean;
}

/** secureJsonData: written by the editor, never read back. */
export interface MesosSecureOptions {
  basicAuthPassword?: string;
  /** user:password for a zk:// address. */
  zkDigest?: string;
  agentBasicAuthPassword?: string;
  remoteBasicAuthPassword?: string;
  remoteBearerToken?: string;
  remoteTlsCACert?: string;
  tlsCACert?: string;
  tlsClientCert?: string;
  tlsClientKey?: string;
  /** The value of the first of agentHeaders is agentHeaderValue1. */
  [agentHeaderValue: `agentHeaderValue${number}`]: string | undefined;
  /** The value of httpHeaderName1 is httpHeaderValue1. */
  [httpHeaderValue: `httpHeaderValue${number}`]: string | undefined;
}
