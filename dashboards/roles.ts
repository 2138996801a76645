// Roles and quota: the tree of roles with what is guaranteed, limited and
// consumed, and how fairly the allocator shares.
import type { Definition } from './frame.ts';
import { down } from './links.ts';
import { asLimit, fullness, graph, list, unit } from './panels.ts';
import { matching, of, promql, type Resource, sql } from './query.ts';
import { endings } from './shared.ts';

const chosen = matching('cluster', 'role');

const tree = list({
  title: 'Tree of roles',
  about:
    'A role’s own allocation, without its children’s; quota is of the role with everything below it, as Mesos means it. ' +
    'Without a limit there is a dash. A name is indented as deep as it lies.',
  // U+2003 indents, which a browser does not collapse.
  query: sql(`SELECT substr('${'\u2003'.repeat(16)}', 1, 2 * (length(r.role) - length(replace(r.role, '/', '')))) ||
      replace(r.role, rtrim(r.role, replace(r.role, '/', '')), '') AS name,
    r.role, r.weight, r.tasks, r.cpus_allocated, q.cpus_guarantee, q.cpus_limit,
    q.cpus_consumed / nullif(q.cpus_limit, 0) AS cpu_of_limit, q.memory_consumed_bytes / nullif(q.memory_limit_bytes, 0) AS memory_of_limit
    FROM roles r LEFT JOIN quota q ON q.role = r.role
    WHERE r.role REGEXP '^(?:\${role:regex})$' ORDER BY r.role`),
  columns: {
    name: { title: 'Tree', width: 110 },
    role: { title: 'Role', links: down('role', 'cell') },
    weight: { title: 'Weight', width: 70 },
    tasks: { title: 'Tasks', width: 60, counts: true },
    cpus_allocated: { title: 'CPUs', width: 60, decimals: 1 },
    cpus_guarantee: { title: 'CPU guarantee', width: 120 },
    cpus_limit: { title: 'CPU limit', width: 90 },
    cpu_of_limit: {
      title: 'CPU of limit',
      width: 110,
      unit: 'percentunit',
      decimals: 0,
      bar: fullness(),
    },
    memory_of_limit: {
      title: 'Memory of limit',
      width: 135,
      unit: 'percentunit',
      decimals: 0,
      bar: fullness(),
    },
  },
  width: 24,
  height: 9,
});

/** What counts towards quota, below the limit of each role that has one. */
const quota = (title: string, resource: Resource) =>
  graph({
    title,
    about:
      'Consumed by each role with everything below it, and dashed in gray the limits of those that have one, which the ' +
      'legend lists first. At its limit a role gets no more offers.',
    // A limit is gray: of its own name it would have the color of some other role.
    queries: {
      Limit: { ...of('role', resource, 'quota_limit', 'role'), legendFormat: '{{role}} limit' },
      Consumed: {
        ...of('role', resource, 'quota_consumed', 'role'),
        legendFormat: '{{role}}',
        top: 10,
      },
    },
    table: true,
    width: 12,
    height: 8,
    links: down('role', 'series'),
  }).overrideByQuery('Limit', asLimit);

/** How full the limits are. A panel for each resource, so that a role has its own name and with it its color. */
const ofLimit = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'Of each role with a limit: how much of it is consumed. At 100 % nothing more of the role starts.',
    queries: { A: { ...of('role', resource, 'utilization', 'role'), legendFormat: '{{role}}' } },
    table: true,
    width: 12,
    height: 8,
    links: down('role', 'series'),
  });

const allocated = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'The role’s own tasks and executors, so that all roles add up to the cluster.',
    queries: { A: { ...of('role', resource, 'allocated', 'role'), top: 10 } },
    stacked: true,
    table: true,
    width: 12,
    height: 8,
    links: down('role', 'series'),
  });

export const roles: Definition = {
  title: 'Mesos roles and quota',
  about:
    'Roles of an Apache Mesos cluster: the tree, guarantees, limits, what is consumed, and the allocator’s fair shares.',
  filters: ['role'],
  rows: {
    Roles: [tree],
    Quota: [
      quota('CPU of quota', 'cpus'),
      quota('Memory of quota', 'memory'),
      ofLimit('CPU consumed of the limit', 'cpus'),
      ofLimit('Memory consumed of the limit', 'memory'),
    ],
    'Fair share': [
      graph({
        title: 'Dominant share of roles',
        about:
          'The largest of a role’s shares of the cluster, as the allocator compares them. It offers first to the role with ' +
          'the smallest share by its weight.',
        queries: {
          A: promql(`topk(10, max by (role) (mesos_role_dominant_share_ratio{${chosen}}))`, {
            legendFormat: '{{role}}',
          }),
        },
        table: true,
        width: 12,
        height: 8,
        links: down('role', 'series'),
      }).overrideByFieldType('number', [unit('percentunit')]),
      graph({
        title: 'Share by weight',
        about:
          'Dominant share by weight: roles that want more and have the lowest are next. Equal lines are a fair cluster.',
        queries: {
          A: promql(
            `topk(10, max by (role) (mesos_role_dominant_share_ratio{${chosen}}) / max by (role) (mesos_role_weight{${chosen}} > 0))`,
            { legendFormat: '{{role}}' }
          ),
        },
        table: true,
        width: 12,
        height: 8,
        links: down('role', 'series'),
      }).overrideByFieldType('number', [unit('percentunit')]),
    ],
    'What they hold': [
      allocated('CPU by role', 'cpus'),
      allocated('Memory by role', 'memory'),
      graph({
        title: 'Running tasks by role',
        counts: true,
        about: 'The ten roles with most running tasks over the time range.',
        queries: { A: { ...of('role', 'tasks', 'running', 'role'), top: 10 } },
        table: true,
        width: 12,
        height: 8,
        links: down('role', 'series'),
      }),
      endings(
        'How tasks of roles ended',
        'Tasks of the chosen roles by the state they ended in. Counted by this plugin since it watches the cluster.',
        'mesos_role_tasks_ended_total',
        12,
        'role'
      ),
    ],
  },
};
