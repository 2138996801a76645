// The fields of events and their values, for menus: filters, groups and ad-hoc
// filters.
import type { Listed, MesosResources } from '../../resources';
import type { LabelLists } from '../lists';
import { EVENT_KINDS, EVENT_SEVERITIES, FIELDS } from './fields';

const FIXED: Record<string, string[]> = {
  kind: EVENT_KINDS,
  severity: EVENT_SEVERITIES,
};

/** Returns the fields of events. Which labels of tasks there are, history tells. */
export function eventLists(resources: MesosResources): LabelLists {
  return {
    async labels() {
      const found = await resources.labels().catch((): Listed => ({ values: [] })); // before the first poll
      const values = [...FIELDS, ...found.values.filter((label) => label.startsWith('label_'))];
      return {
        values,
        total: found.values.length > 0 && found.total === found.values.length ? values.length : undefined,
      };
    },
    async values(label, typed = '', others = []) {
      const values = FIXED[label]?.filter((value) => value.includes(typed.toLowerCase()));
      if (values) {
        return { values, total: values.length };
      }
      const all = () => resources.eventValues(label, typed);
      // A filter may be unfinished: then it does not narrow the list.
      return others.length > 0 ? resources.eventValues(label, typed, others).catch(all) : all();
    },
  };
}
