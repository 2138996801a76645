// The three kinds of panels of the dashboards. Units come with the data source's
// frames, and a panel's own unit does not replace them (Grafana:
// setFieldConfigDefaults). An override does: for counts, and where an expression
// makes a number whose unit the data source cannot know.
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphGradientMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

import { built, datasource, query, type QuerySpec } from './query.ts';

/** Options of every panel. */
interface Common {
  title: string;
  /** What the panel shows and what to do about it: the (i) beside the title. */
  about: string;
  /** By refId, in the order they are drawn. */
  queries: Record<string, QuerySpec>;
  /** In the grid's 24 columns. */
  width: number;
  /** In rows of 38 pixels. */
  height: number;
  /** Whether the numbers count things: 1,034 is written in full. The data source's unit is Grafana's `short`: 1.03 K. */
  counts?: boolean;
}

export type AnyPanel = stats.PanelBuilder | tables.PanelBuilder | timeseries.PanelBuilder;

function common_<P extends AnyPanel>(panel: P, { title, about, queries, width, height, counts }: Common): P {
  panel.title(title).description(about).datasource(datasource).span(width).height(height);
  for (const [refId, spec] of Object.entries(queries)) {
    panel.withTarget(built(query(refId, spec)));
  }
  if (counts) {
    panel.overrideByFieldType('number', [inFull]);
  }
  return panel;
}

/** Returns green, with other colors from the given values on. */
export function levels(...steps: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'green' }, ...steps]);
}

/** Above 80 % little is free, above 90 % large tasks do not fit. */
export const fullness = () => levels({ value: 0.8, color: 'orange' }, { value: 0.9, color: 'red' });

interface StatOptions extends Common {
  /** One color for a number that is neither good nor bad; absent: by thresholds. */
  color?: string;
  thresholds?: ThresholdsConfigBuilder;
  /** What is written large: the number, the series' name, or both (default: the name as well when there are several). */
  text?: BigValueTextMode;
  /** Without a graph behind the number, as for an instant query. */
  plain?: boolean;
  decimals?: number;
}

/** Big numbers, one per series. */
export function stat(options: StatOptions): stats.PanelBuilder {
  const panel = common_(new stats.PanelBuilder(), options)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .textMode(options.text ?? BigValueTextMode.Auto)
    .colorMode(BigValueColorMode.Value)
    .graphMode(options.plain ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .thresholds(options.thresholds ?? levels());
  if (options.color) {
    panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(options.color));
  } else {
    panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  }
  if (options.decimals !== undefined) {
    panel.decimals(options.decimals);
  }
  return panel;
}

interface GraphOptions extends Common {
  /** Whether series are stacked, for parts of a whole. */
  stacked?: boolean;
  max?: number;
  /** Legend beside the graph, with the last value of each series. */
  table?: boolean;
}

/** Returns lines over time. A gap is not bridged. */
export function graph(options: GraphOptions): timeseries.PanelBuilder {
  const panel = common_(new timeseries.PanelBuilder(), options)
    .drawStyle(GraphDrawStyle.Line)
    // Stacked areas have no lines: that of a part that is zero would cover the area below it.
    .lineWidth(options.stacked ? 0 : 1)
    .fillOpacity(options.stacked ? 60 : 8)
    .gradientMode(options.stacked ? GraphGradientMode.None : GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    .min(0)
    .stacking(
      new common.StackingConfigBuilder().mode(options.stacked ? StackingMode.Normal : StackingMode.None).group('A')
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(options.table ? LegendDisplayMode.Table : LegendDisplayMode.List)
        .placement(options.table ? LegendPlacement.Right : LegendPlacement.Bottom)
        .calcs(options.table ? ['lastNotNull'] : [])
    );
  if (options.max !== undefined) {
    panel.max(options.max);
  }
  return panel;
}

/** Returns the panel with the series of each name in its color. */
export function colored(panel: timeseries.PanelBuilder, colors: Record<string, string>): timeseries.PanelBuilder {
  for (const [name, color] of Object.entries(colors)) {
    panel.overrideByName(name, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }]);
  }
  return panel;
}

/** A limit above the stack: a dashed line without area. */
export const asLimit: DynamicConfigValue[] = [
  { id: 'custom.stacking', value: { mode: 'none', group: 'A' } },
  { id: 'custom.lineWidth', value: 1 },
  { id: 'custom.fillOpacity', value: 0 },
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
  { id: 'color', value: { mode: 'fixed', fixedColor: 'text' } },
];

/** Returns the unit of a series whose own unit is missing or not wanted. */
export const unit = (name: string): DynamicConfigValue => ({ id: 'unit', value: name });

/** The unit of counts: all digits, grouped as the browser's language does. */
export const inFull = unit('locale');

interface Column {
  title: string;
  /** In pixels; the names get what is left. */
  width: number;
  spec: QuerySpec;
  /** Drawn as a bar from 0 to 1, colored by how full it is. */
  bar?: boolean;
  /** Whether the numbers count things. */
  counts?: boolean;
}

interface TableOptions extends Omit<Common, 'queries' | 'counts'> {
  /** The label whose values are the rows. */
  rows: string;
  rowTitle: string;
  /** The first one decides which rows there are, and their order. */
  columns: Column[];
}

/**
 * Returns a table with a row per value of a label and a column per query. The legend of a query names its column, which
 * keeps its name when another query has no series.
 *
 * The join is an outer one, whose rows are then those that have a value in the first column: an inner join is empty as
 * soon as one query has no series, and fails when no query has any (Grafana: joinDataFrames).
 */
export function table(options: TableOptions): tables.PanelBuilder {
  const { rows, rowTitle, columns } = options;
  const queries = Object.fromEntries(
    columns.map(({ title, spec }, i) => [
      String.fromCharCode(65 + i),
      { ...spec, legendFormat: title, instant: true, format: 'table' as const },
    ])
  );
  const panel = common_(new tables.PanelBuilder(), { ...options, queries })
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(fullness())
    .withTransformation({ id: 'joinByField', options: { byField: rows, mode: 'outer' } })
    .withTransformation({
      id: 'filterByValue',
      options: {
        type: 'include',
        match: 'all',
        filters: [{ fieldName: columns[0].title, config: { id: 'isNotNull', options: {} } }],
      },
    })
    .withTransformation({ id: 'organize', options: { renameByName: { [rows]: rowTitle } } })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(columns[0].title).desc(true)]);
  for (const { title, width, bar, counts } of columns) {
    panel.overrideByName(title, [{ id: 'custom.width', value: width }, ...(counts ? [inFull] : [])]);
    if (bar) {
      panel.overrideByName(title, [
        { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' } },
        { id: 'min', value: 0 },
        { id: 'max', value: 1 },
      ]);
    }
  }
  return panel;
}
