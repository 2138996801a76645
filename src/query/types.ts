// The query in the frontend: the backend's types (types.gen.ts) as one flat
// object, because the editor switches between query types.
import type { DataQuery } from '@grafana/schema';

import type {
  AdhocFilter,
  Aggregate,
  EventKind,
  EventSeverity,
  EventsFormat,
  EventsQuery,
  Filter,
  Format,
  MetricsQuery,
  Operator,
  PromQLQuery,
  Variable as VariableList,
  VariableEntities,
  VariableField,
  VariableLabelValues,
  VariableQuery,
} from './types.gen';

export type {
  AdhocFilter,
  Aggregate,
  EventKind,
  EventSeverity,
  EventsFormat,
  Filter,
  Operator,
  VariableField,
  VariableLabelValues,
};

/** Keys that may hold a dashboard variable, or a value that only a newer backend knows. */
type OpenKeys = 'entity' | 'resource' | 'measure';

/** Which entities a dashboard variable offers. */
export type EntityList = Omit<VariableEntities, 'entity'> & Record<'entity', string>;

/** What a dashboard variable offers: exactly one of the keys. */
export type Variable = Omit<VariableList, 'entities'> & { entities?: EntityList };

export interface MesosQuery
  extends
    DataQuery,
    Omit<MetricsQuery, keyof DataQuery | OpenKeys | 'format'>,
    Partial<Pick<PromQLQuery, 'expr'>>,
    Partial<Pick<EventsQuery, 'kinds' | 'severity' | 'limit'>>,
    Partial<Record<OpenKeys, string>> {
  queryType?: NonNullable<(MetricsQuery | PromQLQuery | EventsQuery | VariableQuery)['queryType']>;
  /** Its values depend on the query's type. */
  format?: Format | EventsFormat;
  variable?: Variable;
  /** The text of a variable that was written for Grafana's Prometheus data source. */
  query?: string;
}
