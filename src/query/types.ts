// The query in the frontend: the backend's types (types.gen.ts) as one flat
// object, because the editor switches between query types.
import type { DataQuery } from '@grafana/schema';

import type {
  AdhocFilter,
  Aggregate,
  ComparisonOperator,
  EventKind,
  EventSeverity,
  EventsFormat,
  EventsQuery,
  Filter as SeriesFilter,
  Format,
  LogsQuery,
  MetricsQuery,
  Operator,
  OrderBy,
  PromQLQuery,
  Rate,
  SQLFormat,
  SQLQuery,
  TableQuery,
  TopologyQuery,
  Variable as VariableList,
  VariableEntities,
  VariableField,
  VariableLabelValues,
  VariableQuery,
} from './types.gen';

export type {
  AdhocFilter,
  Aggregate,
  ComparisonOperator,
  EventKind,
  EventSeverity,
  EventsFormat,
  Operator,
  OrderBy,
  Rate,
  SQLFormat,
  VariableField,
  VariableLabelValues,
};

/** Keys that may hold a dashboard variable, or a value that only a newer backend knows. */
type OpenKeys = 'entity' | 'resource' | 'measure';

/** Which entities a dashboard variable offers. */
export type EntityList = Omit<VariableEntities, 'entity' | 'filters'> &
  Record<'entity', string> & { filters?: Filter[] };

/** What a dashboard variable offers: exactly one of the keys. */
export type Variable = Omit<VariableList, 'entities'> & { entities?: EntityList };

/** A condition on a label, or on a column of a table: those can be compared by size, too. */
export type Filter = Omit<SeriesFilter, 'operator'> & { operator: ComparisonOperator };

type QueryTypes =
  MetricsQuery | PromQLQuery | EventsQuery | TableQuery | SQLQuery | LogsQuery | TopologyQuery | VariableQuery;

export interface MesosQuery
  extends
    DataQuery,
    Omit<MetricsQuery, keyof DataQuery | OpenKeys | 'format' | 'filters'>,
    Partial<Pick<PromQLQuery, 'expr'>>,
    Partial<Pick<EventsQuery, 'kinds' | 'severity' | 'limit'>>,
    Partial<Pick<TableQuery, 'table' | 'columns' | 'orderBy'>>,
    Partial<Pick<SQLQuery, 'sql'>>,
    Partial<Pick<LogsQuery, 'taskId' | 'frameworkId' | 'agentId' | 'file' | 'filter' | 'volume'>>,
    Partial<Record<OpenKeys, string>> {
  queryType?: NonNullable<QueryTypes['queryType']>;
  /** Its values depend on the query's type. */
  format?: Format | EventsFormat | SQLFormat;
  filters?: Filter[];
  variable?: Variable;
  /** The text of a variable that was written for Grafana's Prometheus data source. */
  query?: string;
}
