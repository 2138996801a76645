// What a query for events may ask for: kinds, severities, fields and formats, as
// the menus show them. pkg/events defines them.
import { CoreApp } from '@grafana/data';
import type { ComboboxOption } from '@grafana/ui';

import { t } from '../../i18n';
import type { EventKind, EventsFormat, EventSeverity } from '../types';

/** The kinds of events, in the order of the menu. */
const KINDS: Record<EventKind, { label: () => string; description: () => string }> = {
  task: {
    label: () => t('query.events.kind-task', 'Task'),
    description: () => t('query.events.kind-task-description', 'Tasks that changed their state'),
  },
  agent: {
    label: () => t('query.events.kind-agent', 'Agent'),
    description: () => t('query.events.kind-agent-description', 'Agents that came, left, drained or were lost'),
  },
  framework: {
    label: () => t('query.events.kind-framework', 'Framework'),
    description: () => t('query.events.kind-framework-description', 'Frameworks that came, left or failed over'),
  },
  master: {
    label: () => t('query.events.kind-master', 'Master'),
    description: () => t('query.events.kind-master-description', 'Another master leads'),
  },
  maintenance: {
    label: () => t('query.events.kind-maintenance', 'Maintenance'),
    description: () => t('query.events.kind-maintenance-description', 'Maintenance windows'),
  },
  collection: {
    label: () => t('query.events.kind-collection', 'Collection'),
    description: () => t('query.events.kind-collection-description', 'Gaps in collection'),
  },
};

export const EVENT_KINDS = Object.keys(KINDS) as EventKind[];

export const kindOptions = (): Array<ComboboxOption<EventKind>> =>
  EVENT_KINDS.map((value) => ({ value, label: KINDS[value].label(), description: KINDS[value].description() }));

/** The least severity of the events that are shown. */
const SEVERITIES: Record<EventSeverity, () => string> = {
  info: () => t('query.events.severity-info', 'All'),
  warning: () => t('query.events.severity-warning', 'Warnings and errors'),
  error: () => t('query.events.severity-error', 'Errors'),
};

export const EVENT_SEVERITIES = Object.keys(SEVERITIES) as EventSeverity[];

export const severityOptions = (): Array<ComboboxOption<EventSeverity>> =>
  EVENT_SEVERITIES.map((value) => ({ value, label: SEVERITIES[value]() }));

/** The fields of every event. Labels of tasks (`label_*`) are fields, too. */
export const FIELDS = [
  'kind',
  'event',
  'severity',
  'agent',
  'agent_id',
  'framework',
  'framework_id',
  'role',
  'task',
  'task_id',
  'reason',
  'source',
  'message',
  'cluster',
];

interface FormatChoice {
  label: () => string;
  description: () => string;
  /** The most that limit may be, and what it is if absent. */
  limit: { most: number; usual: number };
  /** What limit limits. */
  limitText: () => string;
}

/** The formats. Limits are those of pkg/query/events.go. */
export const FORMATS: Record<EventsFormat, FormatChoice> = {
  annotations: {
    label: () => t('query.events.format-annotations', 'Annotations'),
    description: () => t('query.events.format-annotations-description', 'Marks and regions over the graphs of a panel'),
    limit: { most: 10_000, usual: 1000 },
    limitText: newestText,
  },
  table: {
    label: () => t('query.events.format-table', 'Table'),
    description: () => t('query.events.format-table-description', 'A row per event, with all fields'),
    limit: { most: 10_000, usual: 1000 },
    limitText: newestText,
  },
  timeline: {
    label: () => t('query.events.format-timeline', 'Timeline'),
    description: () =>
      t('query.events.format-timeline-description', 'States of tasks and agents, for the panel State timeline'),
    limit: { most: 1000, usual: 100 },
    limitText: () =>
      t('query.events.limit-things', 'How many tasks, agents and frameworks: 1 to {{most}}.', { most: 1000 }),
  },
  count: {
    label: () => t('query.events.format-count', 'Count'),
    description: () => t('query.events.format-count-description', 'A number per group, for rules, stat and bar gauge'),
    limit: { most: 1000, usual: 1000 },
    limitText: () => t('query.events.limit-groups', 'How many groups, the largest: 1 to {{most}}.', { most: 1000 }),
  },
};

function newestText(): string {
  return t('query.events.limit-events', 'How many events, the newest: 1 to {{most}}.', { most: 10_000 });
}

/** Returns the formats to choose from: a rule reads counts only. */
export function formatsFor(app?: CoreApp): Array<ComboboxOption<EventsFormat>> {
  const all = Object.keys(FORMATS) as EventsFormat[];
  return all
    .filter((value) => app !== CoreApp.UnifiedAlerting || value === 'count')
    .map((value) => ({ value, label: FORMATS[value].label(), description: FORMATS[value].description() }));
}
