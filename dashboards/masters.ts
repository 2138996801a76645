// Masters and the allocator: who leads, whether the leader keeps up, how the
// allocator offers, and the followers.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import type { Definition } from './frame.ts';
import { then, to } from './links.ts';
import { colored, graph, inFull, levels, list, stat, unit } from './panels.ts';
import { inCluster, promql, rowsOf } from './query.ts';
import { happened } from './shared.ts';

/** What waits in each master. */
const waiting = (series: string, title: string, about: string) =>
  graph({
    title,
    counts: true,
    about,
    queries: { A: promql(`${series}{${inCluster}}`, { legendFormat: '{{master}}' }) },
    width: 8,
    height: 8,
  }).axisSoftMax(1);

/** Quantiles that Mesos computes over a window of its own. */
const latency = (series: string, title: string, about: string, width: number) =>
  graph({
    title,
    about,
    queries: {
      p99: promql(`max(${series}{${inCluster},quantile="0.99"})`, { legendFormat: 'p99' }),
      p50: promql(`max(${series}{${inCluster},quantile="0.5"})`, { legendFormat: 'median' }),
    },
    width,
    height: 8,
    links: [then('health', 'Polls then')],
  }).overrideByFieldType('number', [unit('s')]);

/** How many per minute of what the leader counts; `summed`: with a line of all, which is 0 most of the time. */
const perMinute = (counters: Record<string, string>, title: string, about: string, width: number, summed = false) => {
  const all = Object.values(counters);
  return graph({
    title,
    about,
    queries: Object.fromEntries(
      Object.entries(counters).map(([name, series], i) => [
        String.fromCharCode(65 + i),
        promql(`60 * sum(rate(${series}{${inCluster}}[$__rate_interval]))`, { legendFormat: name }),
      ])
    ),
    hidesZeros: true,
    sum: summed
      ? promql(`60 * (${all.map((series) => `sum(rate(${series}{${inCluster}}[$__rate_interval]))`).join(' + ')})`)
      : undefined,
    width,
    height: 8,
  })
    .overrideByFieldType('number', [unit('suffix: /min')])
    .axisSoftMax(1);
};

export const masters: Definition = {
  title: 'Mesos masters and allocator',
  about:
    'The leader and its followers of an Apache Mesos cluster: elections, registrar, event queues, allocator and messages.',
  across: ['health', 'Polls'],
  rows: {
    Masters: [
      stat({
        title: 'Leader',
        about:
          'The leading master, and how long it has been running. Since when it leads is in the table below, elections in the events.',
        queries: {
          A: promql(
            `mesos_master_uptime_seconds{${inCluster}} and on (cluster, master) mesos_master_elected{${inCluster}} == 1`,
            { legendFormat: '{{master}}', instant: true }
          ),
        },
        text: BigValueTextMode.ValueAndName,
        color: 'text',
        plain: true,
        width: 8,
        height: 6,
      }).overrideByFieldType('number', [unit('s')]),
      stat({
        title: 'Masters that answer',
        counts: true,
        about:
          'How many masters were read, of those that the data source names. Fewer than half and one: no leader can be elected.',
        queries: {
          A: promql(`count(mesos_master_elected{${inCluster}})`, { legendFormat: 'Answer', instant: true }),
          B: promql(`sum(mesos_master_elected{${inCluster}})`, { legendFormat: 'Lead', instant: true }),
        },
        text: BigValueTextMode.ValueAndName,
        thresholds: levels().steps([
          { value: null, color: 'red' },
          { value: 1, color: 'green' },
        ]),
        plain: true,
        width: 8,
        height: 6,
        links: [to('health', 'Plugin health')],
      }),
      stat({
        title: 'Outstanding offers',
        counts: true,
        about: 'Offers that frameworks neither accepted nor declined yet. Many for long: a framework hoards them.',
        queries: { A: promql(`sum(mesos_master_outstanding_offers{${inCluster}})`, { legendFormat: 'Offers' }) },
        color: 'blue',
        width: 8,
        height: 6,
        links: [to('frameworks', 'Which frameworks')],
      }),
      list({
        title: 'All masters',
        about: 'Masters as they were last seen. Version and times are the leader’s, as followers do not tell them.',
        query: rowsOf('masters', [
          'address',
          'leading',
          'up',
          'version',
          'elected_time',
          'start_time',
          'hostname',
          'error',
        ]),
        columns: {
          address: { title: 'Master', width: 175, links: [to('health', 'Polls of it')] },
          leading: { title: 'Leads', width: 70 },
          up: { title: 'Answers', width: 80 },
          version: { title: 'Version', width: 80 },
          elected_time: { title: 'Elected', width: 155 },
          start_time: { title: 'Started', width: 155 },
          hostname: { title: 'Host', minWidth: 100 },
          error: { title: 'Error', minWidth: 90 },
        },
        width: 24,
        height: 6,
      }),
      graph({
        title: 'Who leads',
        about: '1 for the leading master, 0 for followers. A gap in all of them: no leader, or none that answered.',
        queries: { A: promql(`mesos_master_elected{${inCluster}}`, { legendFormat: '{{master}}' }) },
        max: 1,
        width: 12,
        height: 7,
        links: [then('health', 'Polls then')],
      }).overrideByFieldType('number', [inFull, { id: 'decimals', value: 0 }]),
      graph({
        title: 'Load of the masters’ hosts',
        about: 'Load average over one minute. Above the number of CPUs the master waits for CPU.',
        queries: {
          A: promql(`mesos_master_system_load1{${inCluster}}`, { legendFormat: '{{master}}' }),
        },
        width: 12,
        height: 7,
      }),
    ],
    'Does the leader keep up?': [
      waiting(
        'mesos_master_event_queue_messages',
        'Waiting messages',
        'Messages in the event queue of each master. A queue that grows is a master that cannot keep up.'
      ),
      waiting(
        'mesos_master_event_queue_dispatches',
        'Waiting dispatches',
        'Dispatches in the event queue of each master: internal work that waits.'
      ),
      waiting(
        'mesos_master_event_queue_http_requests',
        'Waiting HTTP requests',
        'HTTP requests that wait in each master. Clients that read /state too often show here.'
      ),
      latency(
        'mesos_registrar_state_store_seconds',
        'Registrar: time to store',
        'How long the leader takes to write the registry to the replicated log. Seconds: a slow disk or a slow follower; agents ' +
          'cannot register meanwhile.',
        12
      ),
      perMinute(
        {
          Dropped: 'mesos_master_dropped_messages_total',
          'Invalid status updates': 'mesos_master_invalid_status_updates_total',
          'Invalid acknowledgements': 'mesos_master_invalid_status_update_acknowledgements_total',
        },
        'Messages dropped or invalid',
        'Messages that the leader dropped or refused, per minute. Some after an election are usual; many for long are not.',
        12,
        true
      ),
    ],
    Allocator: [
      latency(
        'mesos_allocator_mesos_allocation_run_latency_seconds',
        'Allocation latency',
        'From when an allocation is due until it runs: high where the allocator cannot keep up. p99 above a second delays offers.',
        8
      ),
      latency(
        'mesos_allocator_mesos_allocation_run_seconds',
        'Duration of allocations',
        'How long one run of the allocator takes. It grows with agents, frameworks and roles.',
        8
      ),
      graph({
        title: 'Allocator’s queue',
        about: 'Dispatches that wait for the allocator. One that grows delays every offer.',
        queries: {
          A: promql(`max(mesos_allocator_mesos_event_queue_dispatches{${inCluster}})`, { legendFormat: 'Dispatches' }),
        },
        counts: true,
        width: 8,
        height: 8,
      }).axisSoftMax(1),
      colored(
        perMinute(
          {
            Sent: 'mesos_framework_offers_sent_total',
            Accepted: 'mesos_framework_offers_accepted_total',
            Declined: 'mesos_framework_offers_declined_total',
            Rescinded: 'mesos_framework_offers_rescinded_total',
          },
          'Offers of all frameworks',
          'Offers per minute and what became of them, of frameworks that are registered. Masters since 1.7 tell it.',
          12
        ),
        { Sent: 'text', Accepted: 'green', Declined: 'orange', Rescinded: 'purple' }
      ),
      graph({
        title: 'Offer filters by role',
        counts: true,
        about:
          'Filters that frameworks of a role hold on agents: what is declined is not offered again until they end.',
        queries: {
          A: promql(`topk(10, max by (role) (mesos_allocator_mesos_offer_filters_roles_active{${inCluster}}))`, {
            legendFormat: '{{role}}',
          }),
        },
        hidesZeros: true,
        table: true,
        width: 12,
        height: 8,
      }).axisSoftMax(1),
    ],
    'Agents and the leader': [
      perMinute(
        {
          Registered: 'mesos_master_agent_registrations_total',
          'Registered again': 'mesos_master_agent_reregistrations_total',
          Removed: 'mesos_master_agent_removals_total',
          'Marked unreachable': 'mesos_master_agent_unreachable_completed_total',
        },
        'Agents that come and go',
        'Per minute. All register again after an election; otherwise it is the network, or agents that restart.',
        12
      ),
      perMinute(
        {
          'Launch tasks': 'mesos_master_messages_launch_tasks_total',
          'Kill task': 'mesos_master_messages_kill_task_total',
          'Reconcile tasks': 'mesos_master_messages_reconcile_tasks_total',
          'Decline offers': 'mesos_master_messages_decline_offers_total',
          'Revive offers': 'mesos_master_messages_revive_offers_total',
        },
        'Messages by kind',
        'Messages that the leader received from schedulers, per minute.',
        12
      ),
    ],
    Events: [
      happened(
        'Elections and collection',
        'New leaders, and times in which the cluster was not watched, the newest first.',
        { kinds: ['master', 'collection'] },
        ['agent', 'framework', 'role', 'task', 'task_id', 'reason', 'source']
      ),
    ],
  },
};
