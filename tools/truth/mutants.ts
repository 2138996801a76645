// Clients that falsify responses (tools/truth/mutant.go), and the series in which each must cause deviations.
import type { Plan } from '../simulator/live/plan.ts';
import { FITS_CHECKS } from './fits.ts';

export interface Mutant {
  /** As in tools/truth/mutant.go. */
  name: string;
  /** The scenario, and changes of its plan. */
  scenario: string;
  plan?: Partial<Plan>;
  /** The expressions that must have deviations. */
  must: string[];
}

/** More than a thousand tasks end. */
const BUSY = { agents: 24, tasks: 200 };

/** The checks of room that count agents; in the others, one agent may have no room, or not be the one with most. */
const COUNTED = FITS_CHECKS.map(({ expr }) => expr).filter((expr) => /^fits: (a tenth|half|memory)/.test(expr));
const fits = (ways: RegExp) => COUNTED.filter((expr) => ways.test(expr));

export const MUTANTS: Mutant[] = [
  { name: 'loses-events', scenario: 'crash-loop', plan: BUSY, must: ['events'] },
  { name: 'loses-running', scenario: 'crash-loop', plan: BUSY, must: ['starts'] },
  { name: 'loses-disconnected', scenario: 'agent-dies', must: ['disconnected'] },
  { name: 'loses-leader', scenario: 'leader-fails', must: ['leaders'] },
  {
    name: 'counts-twice',
    scenario: 'crash-loop',
    plan: BUSY,
    must: ['role', 'agent', 'task_label'].map((by) => `mesos_${by}_tasks_ended_total`),
  },
  { name: 'doubles-events', scenario: 'crash-loop', plan: BUSY, must: ['events'] },
  {
    name: 'loses-tasks',
    scenario: 'everyday',
    // It loses every hundredth: so there must be hundreds.
    plan: { agents: 24, tasks: 300 },
    // Not mesos_cluster_tasks: a /state without tasks whose resources it counts is taken for that of a principal that sees
    // a part, and then the snapshot tells the cluster's own figures.
    must: [
      ...['mesos_agent_tasks{state!="unreachable"}', 'mesos_framework_tasks', 'mesos_role_tasks'],
      ...['mesos_cluster_memory_used_bytes', 'mesos_task_cpus_used'],
    ],
  },
  {
    name: 'repeats-itself',
    scenario: 'master-down',
    must: [
      'mesos_cluster_cpus_capacity',
      'mesos_agent_tasks{state!="unreachable"}',
      'mesos_role_cpus_allocated',
      'gaps',
    ],
  },
  {
    name: 'believes-followers',
    scenario: 'balancer',
    must: ['mesos_cluster_cpus_capacity', 'mesos_cluster_memory_allocated_bytes', 'balanced'],
  },
  {
    name: 'counts-inactive',
    scenario: 'agent-drains',
    must: fits(/in all$|by agent$|by rack$|in zones|count$|avg$/),
  },
  { name: 'adds-agent', scenario: 'everyday', must: fits(/in all$|by agent$|by rack$|in zones|count$|rack, max$/) },
  {
    name: 'loses-containers',
    scenario: 'everyday',
    must: ['mesos_cluster_cpus_measured', 'mesos_agent_memory_used_bytes', 'mesos_executor_memory_used_bytes'],
  },
  {
    name: 'inflates-use',
    scenario: 'everyday',
    must: ['cluster', 'agent', 'framework', 'role', 'executor', 'task'].map((entity) => `mesos_${entity}_cpus_used`),
  },
];
