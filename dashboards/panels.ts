// The three kinds of panel the dashboards are made of, and how each looks.
// Units are not set here: the data source's frames bring them, and a panel's own
// would not win anyway (Grafana: setFieldConfigDefaults). Where PromQL text makes
// a number that no catalogue knows, an override says what it is.
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

import { built, datasource, query, type Question } from './query.ts';

/** What every panel has. */
interface Common {
  title: string;
  /** What it shows and what to make of it: the (i) beside the title. */
  about: string;
  /** By refId, in the order they are drawn. */
  queries: Record<string, Question>;
  /** In the grid's 24 columns. */
  width: number;
  /** In rows of 38 pixels. */
  height: number;
}

export type AnyPanel = stats.PanelBuilder | tables.PanelBuilder | timeseries.PanelBuilder;

function common_<P extends AnyPanel>(panel: P, { title, about, queries, width, height }: Common): P {
  panel.title(title).description(about).datasource(datasource).span(width).height(height);
  for (const [refId, question] of Object.entries(queries)) {
    panel.withTarget(built(query(refId, question)));
  }
  return panel;
}

/** Green, with colours from the given values on. */
export function levels(...steps: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'green' }, ...steps]);
}

/** Above 80 % there is little room, above 90 % large tasks do not fit any more. */
export const fullness = () => levels({ value: 0.8, color: 'orange' }, { value: 0.9, color: 'red' });

interface StatOptions extends Common {
  /** One colour for a number that is neither good nor bad; absent: by thresholds. */
  color?: string;
  thresholds?: ThresholdsConfigBuilder;
  /** What to write big: the number, the series' name, or both (by default: the name too when there are several). */
  text?: BigValueTextMode;
  /** Without its course behind it, as for an instant query, which has none. */
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
  /** One series on the other, for parts of a whole. */
  stacked?: boolean;
  max?: number;
  /** Legend beside the graph, with the last value of each series. */
  table?: boolean;
}

/** Curves over time. Gaps stay gaps. */
export function graph(options: GraphOptions): timeseries.PanelBuilder {
  const panel = common_(new timeseries.PanelBuilder(), options)
    .drawStyle(GraphDrawStyle.Line)
    // In a stack areas without lines: the line of a part that is zero would cover the one below it.
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

/** The series named `name` in this colour, wherever it is among the others. */
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

/** The unit of a series that an expression makes; of the data source's own units none is right for it. */
export const unit = (name: string): DynamicConfigValue => ({ id: 'unit', value: name });

interface Column {
  title: string;
  /** In pixels; the names get what is left. */
  width: number;
  question: Question;
  /** Drawn as a bar from 0 to 1, coloured by how full it is. */
  bar?: boolean;
}

interface TableOptions extends Omit<Common, 'queries'> {
  /** The label whose values are the rows. */
  rows: string;
  rowTitle: string;
  /** The first one decides which rows there are, and their order. */
  columns: Column[];
}

/**
 * A table with a row per value of a label and a column per query. The legend of a query names its column, which keeps its
 * name when another one has no answer.
 */
export function table(options: TableOptions): tables.PanelBuilder {
  const { rows, rowTitle, columns } = options;
  const queries = Object.fromEntries(
    columns.map(({ title, question }, i) => [
      String.fromCharCode(65 + i),
      { ...question, legendFormat: title, instant: true, format: 'table' as const },
    ])
  );
  const panel = common_(new tables.PanelBuilder(), { ...options, queries })
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(fullness())
    .withTransformation({ id: 'joinByField', options: { byField: rows, mode: 'inner' } })
    .withTransformation({ id: 'organize', options: { renameByName: { [rows]: rowTitle } } })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(columns[0].title).desc(true)]);
  for (const { title, width, bar } of columns) {
    panel.overrideByName(title, [{ id: 'custom.width', value: width }]);
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
