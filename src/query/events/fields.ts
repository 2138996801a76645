// What a query for events may ask for: kinds, severities, fields and formats, as
// the menus show them. pkg/events defines them.
import { CoreApp } from '@grafana/data';
import type { ComboboxOption } from '@grafana/ui';

import type { EventKind, EventsFormat, EventSeverity } from '../types';

const KIND_TEXT: Record<EventKind, string> = {
  task: 'Tasks that changed their state',
  agent: 'Agents that came, left, drained or were lost',
  framework: 'Frameworks that came, left or failed over',
  master: 'Another master leads',
  maintenance: 'Maintenance windows',
  collection: 'Gaps in collection',
};

/** The kinds of events, in the order of the menu. */
export const KINDS: Array<ComboboxOption<EventKind>> = (Object.keys(KIND_TEXT) as EventKind[]).map((value) => ({
  value,
  label: value.charAt(0).toUpperCase() + value.slice(1),
  description: KIND_TEXT[value],
}));

const SEVERITY_TEXT: Record<EventSeverity, string> = {
  info: 'All',
  warning: 'Warnings and errors',
  error: 'Errors',
};

/** The least severity of the events that are shown. */
export const SEVERITIES: Array<ComboboxOption<EventSeverity>> = (Object.keys(SEVERITY_TEXT) as EventSeverity[]).map(
  (value) => ({ value, label: SEVERITY_TEXT[value] })
);

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
  label: string;
  description: string;
  /** What limit limits, the most it may be, and what it is if absent. */
  limit: { of: string; most: number; usual: number };
}

/** The formats. Limits are those of pkg/query/events.go. */
export const FORMATS: Record<EventsFormat, FormatChoice> = {
  annotations: {
    label: 'Annotations',
    description: 'Marks and regions over the graphs of a panel',
    limit: { of: 'events, the newest', most: 10_000, usual: 1000 },
  },
  table: {
    label: 'Table',
    description: 'A row per event, with all fields',
    limit: { of: 'events, the newest', most: 10_000, usual: 1000 },
  },
  timeline: {
    label: 'Timeline',
    description: 'States of tasks and agents, for the panel State timeline',
    limit: { of: 'tasks, agents and frameworks', most: 1000, usual: 100 },
  },
  count: {
    label: 'Count',
    description: 'A number per group, for rules, stat and bar gauge',
    limit: { of: 'groups, the largest', most: 1000, usual: 1000 },
  },
};

/** Returns the formats to choose from: a rule reads counts only. */
export function formatsFor(app?: CoreApp): Array<ComboboxOption<EventsFormat>> {
  const all = Object.keys(FORMATS) as EventsFormat[];
  return all
    .filter((value) => app !== CoreApp.UnifiedAlerting || value === 'count')
    .map((value) => ({ value, label: FORMATS[value].label, description: FORMATS[value].description }));
}
