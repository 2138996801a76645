/**
 * /monitor/statistics of the agents of a generated cluster: a container for each task, with the keys of a recorded one
 * (scene 03-workload), whose use depends on how long the task runs.
 */
import { tidy, type Agent, type Cluster, type Service, type Task } from './cluster.ts';
import { executorOf } from './state.ts';

/** Where the master answers for an agent, by its host name or IP. */
export const AGENT = /^\/agent\/([^/]+)\/(?:slave\(1\)\/)?monitor\/statistics$/;

/** Containers of each agent, found once for each moment of the cluster. */
export class Containers {
  private readonly cluster: Cluster;
  private readonly agents: Map<string, Agent>;
  private version = -1;
  private tasks = new Map<Agent, Array<{ service: Service; task: Task }>>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.agents = new Map(cluster.agents.flatMap((agent) => [[agent.hostname, agent] as const, [agent.ip, agent]]));
  }

  /** The page of an agent; absent: there is none of that name. */
  statistics(host: string): string | undefined {
    const agent = this.agents.get(host);
    if (!agent) {
      return undefined;
    }
    if (this.version !== this.cluster.version) {
      this.version = this.cluster.version;
      this.tasks = new Map();
      for (const service of this.cluster.frameworks.flatMap(({ services }) => services)) {
        for (const task of service.tasks) {
          const some = this.tasks.get(task.agent) ?? [];
          some.push({ service, task });
          this.tasks.set(task.agent, some);
        }
      }
    }
    const now = this.cluster.now;
    return `[${(this.tasks.get(agent) ?? []).map(({ service, task }) => containerText(service, task, now)).join(',')}]`;
  }
}

function containerText(service: Service, task: Task, now: number): string {
  const { framework, each, occupies, name } = service;
  const ran = Math.max(0, now - task.launched);
  const bytes = Math.round(occupies.mem * 2 ** 20);
  return JSON.stringify({
    executor_id: executorOf(service, task) || task.id,
    executor_name: `${name} executor`,
    framework_id: framework.id,
    source: task.id,
    statistics: {
      cpus_limit: tidy(occupies.cpus + 0.1),
      cpus_nr_periods: Math.floor(10 * ran),
      cpus_nr_throttled: Math.floor(ran / 2),
      cpus_soft_limit: occupies.cpus,
      cpus_system_time_secs: tidy(0.05 * each.cpus * ran),
      cpus_throttled_time_secs: tidy(0.01 * ran),
      cpus_user_time_secs: tidy(0.3 * each.cpus * ran),
      mem_anon_bytes: Math.floor(0.4 * bytes),
      mem_cache_bytes: Math.floor(0.1 * bytes),
      mem_critical_pressure_counter: 0,
      mem_file_bytes: Math.floor(0.1 * bytes),
      mem_kmem_tcp_usage_bytes: 0,
      mem_kmem_usage_bytes: 798720,
      mem_limit_bytes: bytes,
      mem_low_pressure_counter: 0,
      mem_mapped_file_bytes: 0,
      mem_medium_pressure_counter: 0,
      mem_rss_bytes: Math.floor(0.4 * bytes),
      mem_soft_limit_bytes: bytes,
      mem_swap_bytes: 0,
      mem_total_bytes: Math.floor(0.5 * bytes) + 4096 * (Math.floor(ran / 60) % 16),
      mem_unevictable_bytes: 0,
      processes: 1,
      threads: 4,
      timestamp: now,
    },
  });
}
