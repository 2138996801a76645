// The query patterns: what they ask is patterns.json, which the backend's tests run on a recorded cluster; how they
// are called and what they answer is here.
import { CoreApp } from '@grafana/data';
import { isEqual, omit, omitBy } from 'lodash';

import { t } from '../../i18n';
import { defaultQuery, QUERY_VERSION } from '../defaults';
import { rowOf, show, shownBy } from '../shown';
import type { MesosQuery } from '../types';
import patterns from './patterns.json';

interface Text {
  title: () => string;
  /** What its answer shows. */
  answers: () => string;
}

/** What patterns are about, in the order in which they are shown. */
export const SUBJECTS = {
  cluster: () => t('query.patterns.subject-cluster', 'The cluster'),
  agents: () => t('query.patterns.subject-agents', 'Agents'),
  frameworks: () => t('query.patterns.subject-frameworks', 'Frameworks and roles'),
  failures: () => t('query.patterns.subject-failures', 'Failures'),
  happened: () => t('query.patterns.subject-happened', 'What happened, and what runs where'),
};

export type Subject = keyof typeof SUBJECTS;

export interface Pattern {
  id: string;
  about: Subject;
  query: Omit<MesosQuery, 'refId'>;
}

export const PATTERNS = patterns as Pattern[];

export const TEXTS: Record<string, Text> = {
  'cluster-cpu': {
    title: () => t('query.patterns.cluster-cpu', 'CPU allocated in the cluster'),
    answers: () =>
      t('query.patterns.cluster-cpu-answers', 'How many CPUs are allocated to tasks and executors, over time.'),
  },
  'cluster-utilization': {
    title: () => t('query.patterns.cluster-utilization', 'How full is memory'),
    answers: () => t('query.patterns.cluster-utilization-answers', 'The part of all memory that is allocated.'),
  },
  'memory-full': {
    title: () => t('query.patterns.memory-full', 'When is memory full'),
    answers: () =>
      t(
        'query.patterns.memory-full-answers',
        'The part of memory that is allocated, and where it will be in 6 hours if it goes on as in the last 6.'
      ),
  },
  room: {
    title: () => t('query.patterns.room', 'Room for tasks of a shape'),
    answers: () =>
      t(
        'query.patterns.room-answers',
        'How many more tasks of 0.5 CPUs and 1 GiB the agents could take. Change the shape to yours.'
      ),
  },
  'agents-cpu': {
    title: () => t('query.patterns.agents-cpu', 'Top agents by CPU'),
    answers: () => t('query.patterns.agents-cpu-answers', 'The five agents with the most CPUs allocated.'),
  },
  'agents-memory': {
    title: () => t('query.patterns.agents-memory', 'Fullest agents by memory'),
    answers: () =>
      t('query.patterns.agents-memory-answers', 'The five agents with the largest part of their memory allocated.'),
  },
  'agents-states': {
    title: () => t('query.patterns.agents-states', 'Agents by state'),
    answers: () =>
      t('query.patterns.agents-states-answers', 'How many agents are active, disconnected, draining or unreachable.'),
  },
  'agents-table': {
    title: () => t('query.patterns.agents-table', 'Agents: used beside allocated'),
    answers: () =>
      t(
        'query.patterns.agents-table-answers',
        'A row per agent: CPU and memory, what is allocated and what its containers use, where agents are asked for it.'
      ),
  },
  'frameworks-memory': {
    title: () => t('query.patterns.frameworks-memory', 'Memory by framework'),
    answers: () => t('query.patterns.frameworks-memory-answers', 'How much memory each framework has.'),
  },
  'frameworks-share': {
    title: () => t('query.patterns.frameworks-share', 'Shares of the cluster'),
    answers: () =>
      t('query.patterns.frameworks-share-answers', "The ten frameworks with the largest share of the cluster's CPUs."),
  },
  'frameworks-used': {
    title: () => t('query.patterns.frameworks-used', 'How much of its memory does a framework use'),
    answers: () =>
      t(
        'query.patterns.frameworks-used-answers',
        'Measured memory of each framework as a part of what is allocated, where agents are asked for it.'
      ),
  },
  'frameworks-running': {
    title: () => t('query.patterns.frameworks-running', 'Running tasks by framework'),
    answers: () => t('query.patterns.frameworks-running-answers', 'How many tasks of each framework run.'),
  },
  'offers-declined': {
    title: () => t('query.patterns.offers-declined', 'Offers declined'),
    answers: () => t('query.patterns.offers-declined-answers', 'How many offers each framework declines in a second.'),
  },
  'framework-tasks': {
    title: () => t('query.patterns.framework-tasks', 'Tasks of a framework'),
    answers: () =>
      t(
        'query.patterns.framework-tasks-answers',
        'A row per task: state, agent, CPU, memory and for how long. Choose the framework in the filter.'
      ),
  },
  'roles-quota': {
    title: () => t('query.patterns.roles-quota', 'How full are quotas'),
    answers: () =>
      t(
        'query.patterns.roles-quota-answers',
        'The part of its quota of CPUs that each role consumes, for roles with a limit.'
      ),
  },
  'who-fails': {
    title: () => t('query.patterns.who-fails', 'Who fails'),
    answers: () => t('query.patterns.who-fails-answers', 'The ten frameworks of which the most tasks failed.'),
  },
  'where-fails': {
    title: () => t('query.patterns.where-fails', 'Where tasks fail'),
    answers: () => t('query.patterns.where-fails-answers', 'The ten agents on which the most tasks failed.'),
  },
  'why-fails': {
    title: () => t('query.patterns.why-fails', 'Why tasks fail'),
    answers: () =>
      t(
        'query.patterns.why-fails-answers',
        'How many tasks failed or were lost, by framework and by the reason that Mesos gives.'
      ),
  },
  'failed-tasks': {
    title: () => t('query.patterns.failed-tasks', 'Tasks that failed'),
    answers: () =>
      t(
        'query.patterns.failed-tasks-answers',
        'A row per task that failed or was lost, with agent, reason and message.'
      ),
  },
  events: {
    title: () => t('query.patterns.events', 'What happened'),
    answers: () =>
      t(
        'query.patterns.events-answers',
        'Every event of the time range: tasks, agents, frameworks, leaders, maintenance.'
      ),
  },
  'events-marks': {
    title: () => t('query.patterns.events-marks', 'Marks of what happened'),
    answers: () =>
      t(
        'query.patterns.events-marks-answers',
        'Agents that came or left, another leader and maintenance, as annotations over the graphs of the panel.'
      ),
  },
  timeline: {
    title: () => t('query.patterns.timeline', 'States over time'),
    answers: () =>
      t('query.patterns.timeline-answers', 'When tasks and agents were in which state, for the panel State timeline.'),
  },
  topology: {
    title: () => t('query.patterns.topology', 'What runs where'),
    answers: () =>
      t('query.patterns.topology-answers', 'Frameworks and the agents that their tasks run on, as a node graph.'),
  },
};

/** Returns the patterns that fit: a rule reads numbers. */
export function patternsFor(app?: CoreApp): Pattern[] {
  return PATTERNS.filter(
    ({ query }) => app !== CoreApp.UnifiedAlerting || query.queryType === 'metrics' || query.format === 'count'
  );
}

/** Returns the query of a row that asks what a pattern does. */
export function filled({ query: asked }: Pattern, query: MesosQuery, app?: CoreApp): MesosQuery {
  const { entity: _entity, resource: _resource, measure: _measure, ...options } = defaultQuery(app);
  const kind = app === CoreApp.UnifiedAlerting ? { range: false, instant: true } : {};
  return asked.queryType === 'metrics'
    ? { ...options, ...asked, ...rowOf(query) }
    : { version: QUERY_VERSION, ...asked, ...kind, ...rowOf(query) };
}

/** Reports whether a query has something that a user chose or wrote: it is neither a new one, nor a pattern as it is. */
export function isWritten(query: MesosQuery, others: MesosQuery[], app?: CoreApp): boolean {
  const asked = askedBy(query);
  const fresh = show(shownBy(query), query, {}, others, app);
  return ![fresh, ...PATTERNS.map((pattern) => filled(pattern, query, app))].some((known) =>
    isEqual(askedBy(known), asked)
  );
}

function askedBy(query: MesosQuery): object {
  return omitBy(omit(query, Object.keys(rowOf(query))), (value) => value === undefined);
}
