// Which of Grafana's panels draw which answers. Of others, as of plugins, nothing is known, and nothing is said.

/** What an answer consists of. */
export type Answer = 'series' | 'numbers' | 'rows' | 'annotations' | 'timeline' | 'lines' | 'graph';

interface Kind {
  /** What the panel is called: Grafana has these names in every language. */
  name: string;
  draws: Answer[];
}

const overTime = (name: string): Kind => ({ name, draws: ['series', 'annotations'] });
const ofNumbers = (name: string): Kind => ({ name, draws: ['series', 'numbers', 'rows'] });
const ofStates = (name: string): Kind => ({ name, draws: ['series', 'timeline', 'annotations'] });
const ofOneKind = (name: string, ...draws: Answer[]): Kind => ({ name, draws });

const PANELS: Record<string, Kind> = {
  timeseries: overTime('Time series'),
  candlestick: overTime('Candlestick'),
  heatmap: overTime('Heatmap'),
  'state-timeline': ofStates('State timeline'),
  'status-history': ofStates('Status history'),
  stat: ofNumbers('Stat'),
  gauge: ofNumbers('Gauge'),
  radialbar: ofNumbers('Gauge'),
  bargauge: ofNumbers('Bar gauge'),
  piechart: ofNumbers('Pie chart'),
  barchart: ofNumbers('Bar chart'),
  histogram: ofNumbers('Histogram'),
  xychart: ofNumbers('XY chart'),
  table: ofOneKind('Table', 'series', 'numbers', 'rows', 'timeline', 'lines', 'graph'),
  logs: ofOneKind('Logs', 'lines'),
  nodeGraph: ofOneKind('Node graph', 'graph'),
};

/** Returns the name of a panel that does not draw an answer; undefined where it does, or where that is not known. */
export function doesNot(panel: string, answer: Answer): string | undefined {
  const kind = Object.hasOwn(PANELS, panel) ? PANELS[panel] : undefined;
  return kind && !kind.draws.includes(answer) ? kind.name : undefined;
}
