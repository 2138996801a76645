// The kinds of panels of the dashboards. Units come with the data source's
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
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as heatmaps from '@grafana/grafana-foundation-sdk/heatmap';
import * as logPanels from '@grafana/grafana-foundation-sdk/logs';
import * as timelines from '@grafana/grafana-foundation-sdk/statetimeline';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as tables from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

import { type Link, linked } from './links.ts';
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
  /** Where a number leads to. */
  links?: Link[];
}

export type AnyPanel =
  | heatmaps.PanelBuilder
  | logPanels.PanelBuilder
  | stats.PanelBuilder
  | tables.PanelBuilder
  | timelines.PanelBuilder
  | timeseries.PanelBuilder;

function common_<P extends AnyPanel>(panel: P, { title, about, queries, width, height, counts, links }: Common): P {
  panel.title(title).description(about).datasource(datasource).span(width).height(height);
  for (const [refId, spec] of Object.entries(queries)) {
    panel.withTarget(built(query(refId, spec)));
  }
  if (counts) {
    panel.overrideByFieldType('number', whole);
  }
  if (links) {
    panel.overrideByFieldType('number', [linked(links)]);
  }
  return panel;
}

/** Returns green, with other colors from the given values on. */
export function levels(...steps: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: 'green' }, ...steps]);
}

/** Up to half of what is allocated is in use: much is wasted; above all of it, more is used than was allocated. */
export const efficiencies = () =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'blue' },
    { value: 0.5, color: 'green' },
    { value: 1, color: 'orange' },
  ]);

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
    // Else a name beside its number is too small to read.
    .wideLayout(false)
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
  /** Whether series that are 0 all the time are left out of the drawing and the legend. They are not unknown. */
  hidesZeros?: boolean;
  /** With hidesZeros: the sum of all, which is drawn also where it is 0, so that an empty panel does not mean two things. */
  sum?: QuerySpec;
}

/** Returns lines over time. A gap is not bridged. */
export function graph(options: GraphOptions): timeseries.PanelBuilder {
  const { queries, sum } = options;
  const panel = common_(new timeseries.PanelBuilder(), {
    ...options,
    queries: sum ? { ...queries, Sum: { ...sum, legendFormat: 'All' } } : queries,
  })
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
  // A name has one color in all panels of all dashboards.
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName));
  if (options.hidesZeros) {
    panel.withOverride({
      matcher: { id: 'byValue', options: { reducer: 'allIsZero', op: 'gte', value: 0 } },
      properties: [{ id: 'custom.hideFrom', value: { legend: true, tooltip: true, viz: true } }],
    });
    if (sum) {
      panel.overrideByName('All', [
        { id: 'custom.hideFrom', value: { legend: false, tooltip: false, viz: false } },
        inColor('text'),
      ]);
    }
  }
  return panel;
}

/** Returns the panel with the series of each name in its color. */
export function colored(panel: timeseries.PanelBuilder, colors: Record<string, string>): timeseries.PanelBuilder {
  for (const [name, color] of Object.entries(colors)) {
    panel.overrideByName(name, [inColor(color)]);
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

/** Counts without fractions, also on axes. */
export const whole: DynamicConfigValue[] = [inFull, { id: 'decimals', value: 0 }];

/** An increase, which is extrapolated to the ends of the time range: about so many. */
export const roughly: DynamicConfigValue[] = [unit('prefix:≈ '), { id: 'decimals', value: 0 }];

/** A fixed color. */
export const inColor = (fixedColor: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor },
});

/** How many things there are in a bucket, over time. */
export function heatmap(options: Common & { scheme?: string }): heatmaps.PanelBuilder {
  return common_(new heatmaps.PanelBuilder(), options)
    .calculate(true)
    .calculation(
      new common.HeatmapCalculationOptionsBuilder()
        .xBuckets(
          new common.HeatmapCalculationBucketConfigBuilder().mode(common.HeatmapCalculationMode.Count).value('48')
        )
        .yBuckets(
          new common.HeatmapCalculationBucketConfigBuilder().mode(common.HeatmapCalculationMode.Count).value('12')
        )
    )
    .color(
      new heatmaps.HeatmapColorOptionsBuilder()
        .mode(heatmaps.HeatmapColorMode.Scheme)
        .scheme(options.scheme ?? 'Blues')
        .steps(32)
    )
    .hideLegend()
    .cellGap(1);
}

/** Returns a row of states over time for each thing. */
export function timeline(options: Common & { colors: Record<string, string> }): timelines.PanelBuilder {
  const states = Object.entries(options.colors).map(([text, color], index) => [text, { text, color, index }]);
  return (
    common_(new timelines.PanelBuilder(), options)
      .showValue(VisibilityMode.Auto)
      .mergeValues(true)
      .rowHeight(0.85)
      .lineWidth(0)
      .fillOpacity(80)
      // An override, as the answer has colors of its own, which a panel's mappings do not replace.
      .overrideByFieldType('string', [
        { id: 'mappings', value: [{ type: 'value', options: Object.fromEntries(states) }] },
      ])
      .legend(new common.VizLegendOptionsBuilder().showLegend(true).placement(LegendPlacement.Bottom))
      .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single))
  );
}

/** Returns lines of a log, the newest first. */
export const logs = (options: Common): logPanels.PanelBuilder =>
  common_(new logPanels.PanelBuilder(), options)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(common.LogsSortOrder.Descending);

/** What a column of a table looks like. */
export interface Look {
  title?: string;
  /** In pixels; absent: what is left is shared. */
  width?: number;
  /** The least width where what is left is shared; absent: Grafana's 150. */
  minWidth?: number;
  /** Drawn as a bar from 0 to 1, in these colors; `fullness` colors what is full. */
  bar?: ThresholdsConfigBuilder;
  /** What is written where there is no value. */
  unknown?: string;
  /** Whether the numbers count things. */
  counts?: boolean;
  /** The unit, where the data source's is missing or not wanted. */
  unit?: string;
  decimals?: number;
  links?: Link[];
  hidden?: boolean;
  /** Color by state. */
  colors?: Record<string, string>;
}

/** Returns the thresholds without a color below 0: Grafana gives the lowest one to what has no value, which would look like 0. */
function fromZero(thresholds: ThresholdsConfigBuilder): ThresholdsConfig {
  const { mode, steps } = thresholds.build();
  const [{ color }, ...above] = steps;
  return { mode, steps: [{ value: null, color: 'transparent' }, { value: 0, color }, ...above] };
}

/** Returns a look as properties of a field. */
function looks({
  title,
  width,
  minWidth,
  bar,
  unknown = bar && '–',
  counts,
  unit: unitName,
  decimals,
  links,
  hidden,
  colors,
}: Look): DynamicConfigValue[] {
  return [
    ...(title === undefined ? [] : [{ id: 'displayName', value: title }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(minWidth === undefined ? [] : [{ id: 'custom.minWidth', value: minWidth }]),
    ...(unknown === undefined ? [] : [{ id: 'noValue', value: unknown }]),
    ...(counts ? whole : []),
    ...(unitName === undefined ? [] : [unit(unitName)]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(links === undefined ? [] : [linked(links)]),
    // Links read hidden columns, such as that of the ID.
    ...(hidden
      ? [
          { id: 'custom.hideFrom', value: { viz: true } },
          { id: 'custom.hidden', value: true },
        ]
      : []),
    ...(bar === undefined
      ? []
      : [
          { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' } },
          { id: 'min', value: 0 },
          { id: 'max', value: 1 },
          { id: 'thresholds', value: fromZero(bar) },
        ]),
    ...(colors === undefined
      ? []
      : [
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
          {
            id: 'mappings',
            value: [
              {
                type: 'value',
                options: Object.fromEntries(
                  Object.entries(colors).map(([text, color], index) => [text, { text, color, index }])
                ),
              },
            ],
          },
        ]),
  ];
}

const bare = (options: Common) =>
  common_(new tables.PanelBuilder(), options)
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));

interface ListOptions extends Omit<Common, 'queries' | 'counts' | 'links'> {
  query: QuerySpec;
  /** By their names. */
  columns: Record<string, Look>;
  /** The names of the first columns; absent: the answer's order. */
  first?: string[];
}

/** Returns a table of one query's rows. */
export function list(options: ListOptions): tables.PanelBuilder {
  const panel = bare({ ...options, queries: { A: options.query } });
  if (options.first) {
    const indexByName = Object.fromEntries(options.first.map((name, i) => [name, i]));
    panel.withTransformation({ id: 'organize', options: { indexByName } });
  }
  for (const [name, look] of Object.entries(options.columns)) {
    panel.overrideByName(name, looks(look));
  }
  return panel;
}

interface Column extends Look {
  title: string;
  spec: QuerySpec;
}

interface TableOptions extends Omit<Common, 'queries' | 'counts' | 'links'> {
  /** The label whose values are the rows. */
  rows: string;
  rowTitle: string;
  /** Where a row's name leads to. */
  rowLinks?: Link[];
  /** Other labels that tell rows apart, with the titles of their columns: names and IDs of executors repeat. */
  within?: Record<string, Look & { title: string }>;
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
  const { rows, rowTitle, rowLinks, within = {}, columns } = options;
  const labels = [rows, ...Object.keys(within)];
  const renameByName = {
    [rows]: rowTitle,
    ...Object.fromEntries(Object.entries(within).map(([label, { title }]) => [label, title])),
  };
  const queries = Object.fromEntries(
    columns.map(({ title, spec }, i) => [
      String.fromCharCode(65 + i),
      { ...spec, legendFormat: title, instant: true, format: 'table' as const },
    ])
  );
  const panel = bare({ ...options, queries: queries as Record<string, QuerySpec> })
    .withTransformation(
      labels.length > 1
        ? { id: 'merge', options: {} }
        : { id: 'joinByField', options: { byField: rows, mode: 'outer' } }
    )
    .withTransformation({
      id: 'filterByValue',
      options: {
        type: 'include',
        match: 'all',
        filters: [{ fieldName: columns[0].title, config: { id: 'isNotNull', options: {} } }],
      },
    })
    .withTransformation({
      id: 'organize',
      options: {
        renameByName,
        ...(labels.length > 1 && { indexByName: Object.fromEntries(labels.map((label, i) => [label, i])) }),
      },
    })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(columns[0].title).desc(true)]);
  if (rowLinks) {
    panel.overrideByName(rowTitle, [linked(rowLinks)]);
  }
  for (const { title, ...look } of Object.values(within)) {
    panel.overrideByName(title, looks(look));
  }
  for (const { title, spec: _, ...look } of columns) {
    panel.overrideByName(title, looks(look));
  }
  return panel;
}
