// Reads the plugin's dashboards: panels with their positions, and variables. The shape is that of Grafana's dashboard JSON, as far as it is used
// (grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model).
import type { AnnotationQuery, DataTransformerConfig, FieldConfigSource } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

import type { PanelOptions } from '../panels/options.ts';
import type { PanelType } from '../state.ts';

/** Columns and heights of Grafana's grid, in pixels (GRID_CELL_HEIGHT, GRID_CELL_VMARGIN, GRID_COLUMN_COUNT). */
export const grid = { columns: 24, row: 30, gap: 8 };

export interface GridPosition {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: GridPosition;
  targets?: DataQuery[];
  maxDataPoints?: number;
  transformations?: DataTransformerConfig[];
  fieldConfig?: FieldConfigSource;
  options?: Omit<PanelOptions, 'fieldConfig'>;
  collapsed?: boolean;
  panels?: Panel[];
}

export interface Variable {
  type: string;
  name: string;
  label?: string;
  query?: DataQuery | string;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  current?: { value?: string | string[] };
  /** Of a variable that is not queried. */
  options?: Array<{ text: string | string[]; value: string | string[] }>;
}

export interface Dashboard {
  title: string;
  panels: Panel[];
  templating?: { list?: Variable[] };
  annotations?: { list?: AnnotationQuery[] };
}

/** The value that stands for all values of a variable, in addresses and in dashboards. */
export const allValues = '$__all';

/** Grafana's panel types that the workbench draws; every other one is `other`. */
const drawn: Record<string, PanelType> = { timeseries: 'graph', stat: 'stat', table: 'table' };

export const typeOf = (panel: Panel): PanelType => drawn[panel.type] ?? 'other';

/** All panels and row titles from top to bottom; what a collapsed row hides is shown. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  const all = dashboard.panels.flatMap(({ panels = [], ...panel }) => [panel, ...panels]);
  return all.sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x);
}

/** The variables a reader can choose values of. The data source is chosen for the whole page. */
export function variablesOf(dashboard: Dashboard): Variable[] {
  return (dashboard.templating?.list ?? []).filter(({ type }) => ['query', 'custom', 'textbox'].includes(type));
}

/** The annotations of data sources. Grafana's own, which people write by hand, have the type dashboard. */
export function annotationsOf(dashboard: Dashboard): AnnotationQuery[] {
  return (dashboard.annotations?.list ?? []).filter(({ builtIn }) => !builtIn);
}

/** The chosen values of a variable, from the address or else from the dashboard. */
export function chosenOf(variable: Variable, inAddress: Record<string, string[]>): string[] {
  return inAddress[variable.name] ?? [variable.current?.value ?? []].flat();
}

/**
 * A variable's value in queries, as Grafana gives it: a text, or a list for a variable with several values. All is its
 * `allValue`, unchanged, or else the list of all values. Without a choice it is the first value there is.
 */
export function valueOf(variable: Variable, chosen: string[], options: string[]): string | string[] {
  if (chosen.includes(allValues)) {
    return variable.allValue || options;
  }
  return variable.multi ? chosen : (chosen.find(Boolean) ?? options[0] ?? '');
}
