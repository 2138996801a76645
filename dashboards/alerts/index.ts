// All alert rules, in the order of docs/alerts.md.
import { agents } from './agents.ts';
import type { Alert } from './alert.ts';
import { capacity } from './capacity.ts';
import { collection } from './collection.ts';
import { masters } from './masters.ts';
import { tasks } from './tasks.ts';

export const ALERTS: readonly Alert[] = [...masters, ...agents, ...tasks, ...capacity, ...collection];

/** The groups, in the order in which they come first. */
export const GROUPS = [...new Set(ALERTS.map(({ group }) => group))];
