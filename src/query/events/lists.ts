// The fields of events and their values, for menus: filters, groups and ad-hoc
// filters.
import type { MesosResources } from '../../resources';
import type { LabelLists } from '../lists';
import { FIELDS, KINDS, SEVERITIES } from './fields';

const FIXED: Record<string, string[]> = {
  kind: KINDS.map(({ value }) => value),
  severity: SEVERITIES.map(({ value }) => value),
};

/** Returns the fields of events. Which labels of tasks there are, history tells. */
export function eventLists(resources: MesosResources): LabelLists {
  return {
    async labels() {
      const found = await resources.labels().catch(() => []); // before the first poll
      return [...FIELDS, ...found.filter((label) => label.startsWith('label_'))];
    },
    async values(label, typed = '') {
      const values = FIXED[label]?.filter((value) => value.includes(typed));
      return values ? { values, total: values.length } : resources.eventValues(label, typed);
    },
  };
}
