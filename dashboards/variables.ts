// The variables of the dashboards.
import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';

import type { Variable as List } from '../src/query/types.gen.ts';
import { datasource, type Label, pluginId } from './query.ts';

export type Variable = Builder<VariableModel>;

/** The data source that is shown when a dashboard opens, unless a link or a saved choice names another. */
export interface Source {
  name: string;
  uid: string;
}

/** Returns the choice of the data source. */
export const source = ({ name, uid }: Source): Variable =>
  new DatasourceVariableBuilder('datasource').label('Mesos').type(pluginId).current({ text: name, value: uid });

/** Returns the choice of several data sources, all at first. */
export const sources = (): Variable =>
  new DatasourceVariableBuilder('datasource')
    .label('Clusters')
    .type(pluginId)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] });

const list = (name: string, variable: List) =>
  new QueryVariableBuilder(name)
    .datasource(datasource)
    .query({ refId: name, queryType: 'variable', variable })
    .refresh(VariableRefresh.OnTimeRangeChanged);

/** Returns the choice of entities: those that existed in the time range. */
export const entity = (label: Label): Variable =>
  list(label, { entities: { entity: label } })
    .label(label[0].toUpperCase() + label.slice(1))
    .description(`Filters what the page shows of ${label === 'cluster' ? 'a cluster' : `${label}s`}`)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: ['All'], value: ['$__all'] });

/**
 * Returns the choice of one value of a statement, whose columns are `value` and `text`. The last text is the first choice: the
 * data source sorts its answer, and Grafana by the variable's own setting.
 */
export const lastOf = (name: string, label: string, about: string, sql: string): Variable =>
  list(name, { sql: sql.replace(/\s+/g, ' ').trim() })
    .label(label)
    .description(about)
    .sort(VariableSort.AlphabeticalDesc);

/** Returns the choice of one of some values, or of another one that is typed. */
export const choice = (name: string, label: string, about: string, values: string[]): Variable =>
  new CustomVariableBuilder(name)
    .label(label)
    .description(about)
    .values(values.join(','))
    .options(values.map((text, i) => ({ text, value: text, selected: i === 0 })))
    .current({ text: values[0], value: values[0] })
    .allowCustomValue(true);

/** Returns a text to type. */
export const typed = (name: string, label: string, about: string, value: string): Variable =>
  new TextBoxVariableBuilder(name)
    .label(label)
    .description(about)
    .defaultValue(value)
    .current({ text: value, value })
    .options([{ text: value, value, selected: true }]);
