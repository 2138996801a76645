// What a query's answer is not seen for, although nothing is wrong with the query: nothing is chosen yet, the panel draws
// another kind of answer, or what is drawn is outside of the time range. Panels say "No data" then, or draw nonsense.
import { CoreApp, FieldType, LoadingState, type DataFrame, type PanelData, type TimeRange } from '@grafana/data';

import { t } from '../../i18n';
import { isRunnable, queryTypeOf } from '../defaults';
import { isDuration } from '../duration';
import type { MesosQuery } from '../types';
import { type Answer, doesNot } from './panels';

export interface Advice {
  text: string;
  /** What a click changes, and the words on its button. */
  fix?: { label: string; query: MesosQuery };
}

interface Asked {
  app?: CoreApp;
  data?: PanelData;
  range?: TimeRange;
}

/** Returns what is to be said about a query whose answer is not seen. */
export function adviceFor(query: MesosQuery, { app, data, range }: Asked): Advice[] {
  if (query.hide) {
    return [];
  }
  if (!isRunnable(query)) {
    const text = lacking(query);
    return text ? [{ text }] : [];
  }
  const found = [aheadOf(query, app, data, range), waitingLive(query, range)];
  const answered = data?.state === LoadingState.Done || data?.state === LoadingState.Streaming;
  if (answered && app !== CoreApp.Explore && app !== CoreApp.UnifiedAlerting) {
    found.push(inPanel(query, data));
  }
  return found.filter((one) => one !== undefined);
}

/**
 * Returns what has to be chosen before anything is asked. An empty box of code has its placeholder; the editor of logs says it
 * itself, as it knows whether logs may be read.
 */
function lacking(query: MesosQuery): string | undefined {
  switch (queryTypeOf(query)) {
    case 'table':
      return t('query.advice.no-table', 'Choose a table: its rows are read then.');
    case 'metrics':
      return t('query.advice.no-series', 'Choose a series: its values are read then.');
    case 'sql':
      return t('query.advice.no-sql', 'Write a SELECT, for example {{example}}', {
        example: 'SELECT name, state FROM tasks',
      });
    default:
      return undefined;
  }
}

/** Reports whether a time range ends after now. */
function endsLater(range: TimeRange): boolean {
  const end = range.raw?.to;
  return typeof end === 'string' && /^now(?:\/[a-z]+)?$/.test(end.trim())
    ? end.includes('/') && range.to.valueOf() > Date.now() // now/d: the end of the day
    : range.to.valueOf() > Date.now();
}

/** Returns what is said of a forecast of which the time range shows nothing. */
function aheadOf(query: MesosQuery, app?: CoreApp, data?: PanelData, range?: TimeRange): Advice | undefined {
  const over = data?.request?.range ?? range;
  const draws = queryTypeOf(query) === 'metrics' && isDuration(query.forecast ?? '') && (query.range || !query.instant);
  if (!draws || !over?.to || app === CoreApp.UnifiedAlerting || endsLater(over)) {
    return undefined;
  }
  return {
    text: t(
      'query.advice.forecast',
      'The forecast is drawn after now, where this time range does not reach: choose one that does, for example from now-{{ahead}} to now+{{ahead}}.',
      { ahead: query.forecast }
    ),
  };
}

/** Returns what is said of a live query over a time range to which nothing is added. */
function waitingLive(query: MesosQuery, range?: TimeRange): Advice | undefined {
  const end = range?.raw?.to;
  return query.live && end !== undefined && end !== 'now'
    ? { text: t('query.advice.live', 'Nothing is added live: this time range does not end now.') }
    : undefined;
}

const OF_SQL: Record<string, Answer> = { time_series: 'series', numeric: 'numbers' };
const OF_EVENTS: Record<string, Answer> = { table: 'rows', timeline: 'timeline', count: 'numbers' };

export function answerOf(query: MesosQuery): Answer {
  switch (queryTypeOf(query)) {
    case 'logs':
      return 'lines';
    case 'topology':
      return 'graph';
    case 'table':
    case 'variable':
      return 'rows';
    case 'sql':
      return OF_SQL[query.format ?? ''] ?? 'rows';
    case 'events':
      return OF_EVENTS[query.format ?? ''] ?? 'annotations';
    default:
      if (query.format === 'table') {
        return 'rows';
      }
      return query.instant && !query.range ? 'numbers' : 'series';
  }
}

/** Returns what is said of an answer that the panel does not draw, or draws as something else. */
function inPanel(query: MesosQuery, data: PanelData): Advice | undefined {
  const panel = data.request?.panelPluginId;
  const frames = data.series.filter(({ refId }) => refId === query.refId);
  const answer = answerOf(query);
  if (answer === 'annotations' && data.series.length === 0 && panel && !doesNot(panel, answer)) {
    return {
      text: t(
        'query.advice.annotations-alone',
        'Annotations are drawn over the series of another query: add one, or show the events themselves.'
      ),
      fix: asTable(query),
    };
  }
  if (answer !== 'annotations' && frames.every(({ length }) => length === 0)) {
    return undefined; // there is nothing to draw
  }
  const name = panel && doesNot(panel, answer);
  if (!panel || !name || (answer === 'rows' && isDrawn(frames, panel))) {
    return onePart(query, answer, frames, panel);
  }
  switch (answer) {
    case 'rows':
      return {
        text: t(
          'query.advice.rows',
          '{{panel}} is not made for rows: choose the visualization Table, and run the query again.',
          { panel: name }
        ),
        fix: asSeries(query, frames),
      };
    case 'numbers':
      return {
        text: t(
          'query.advice.numbers',
          '{{panel}} needs values over time, and these are single ones: choose the visualization Stat, Gauge, Bar chart or Table, and run the query again.',
          { panel: name }
        ),
        fix: asSeries(query, frames),
      };
    case 'series':
      return {
        text: t(
          'query.advice.series',
          '{{panel}} does not draw numbers: choose the visualization Time series, and run the query again.',
          { panel: name }
        ),
      };
    case 'annotations':
      return {
        text: t(
          'query.advice.annotations',
          '{{panel}} has no place for annotations, which are drawn over graphs: show the events themselves.',
          { panel: name }
        ),
        fix: ofEvents(query, panel),
      };
    case 'timeline':
      return {
        text: t(
          'query.advice.timeline',
          '{{panel}} does not draw a timeline of states: choose the visualization State timeline, and run the query again.',
          { panel: name }
        ),
        fix: ofEvents(query, panel),
      };
    case 'lines':
      return {
        text: t(
          'query.advice.lines',
          '{{panel}} does not show lines of a log: choose the visualization Logs, and run the query again.',
          { panel: name }
        ),
      };
    case 'graph':
      return {
        text: t(
          'query.advice.graph',
          '{{panel}} does not draw nodes: choose the visualization Node graph, and run the query again.',
          { panel: name }
        ),
      };
  }
}

/** Panels that make one number of a column. */
const OF_ONE_NUMBER = new Set(['stat', 'gauge', 'bargauge', 'radialbar', 'piechart']);

/** Returns what is said of a panel that shows a part of the answer. */
function onePart(query: MesosQuery, answer: Answer, frames: DataFrame[], panel?: string): Advice | undefined {
  if (panel === 'table' && (answer === 'series' || answer === 'numbers') && frames.length > 0) {
    return inTable(query, answer, frames);
  }
  if (answer === 'rows' && panel && OF_ONE_NUMBER.has(panel) && frames.some(({ length }) => length > 1)) {
    return {
      text: t(
        'query.advice.last-row',
        'Of these rows the panel shows one alone, the last, unless its option Show is All values.'
      ),
    };
  }
  return undefined;
}

/** Returns what is said of series in a table, which is made for rows: Grafana's Prometheus source has them as instant and table. */
function inTable(query: MesosQuery, answer: 'series' | 'numbers', frames: DataFrame[]): Advice | undefined {
  const fix = ['metrics', 'promql'].includes(queryTypeOf(query))
    ? {
        label: t('query.advice.latest-rows', 'Latest values as rows'),
        query: { ...query, format: 'table' as const, range: false, instant: true },
      }
    : undefined;
  if (answer === 'numbers') {
    const numbers = frames.flatMap(({ fields }) => fields.filter(({ type }) => type === FieldType.number)).length;
    return fix && numbers > 1
      ? {
          text: t('query.advice.columns', 'Table shows each of the {{number}} series as a column.', {
            number: numbers,
          }),
          fix,
        }
      : undefined;
  }
  if (frames.length > 1) {
    return {
      text: t(
        'query.advice.one-series',
        'Table shows one of the {{number}} series at a time, and has a menu for the others below it.',
        { number: frames.length }
      ),
      fix,
    };
  }
  return fix && { text: t('query.advice.times', 'Table shows a row for each time of the series.'), fix };
}

/** Reports whether a panel over time draws rows: those with one time, and for a graph without texts that tell rows apart. */
function isDrawn(frames: DataFrame[], panel: string): boolean {
  const ofStates = panel === 'state-timeline' || panel === 'status-history';
  return (
    (ofStates || panel === 'timeseries') &&
    frames.every(({ fields }) => {
      const others = fields.filter(({ type }) => type !== FieldType.time);
      return (
        others.length > 0 &&
        others.length === fields.length - 1 &&
        (ofStates || others.every(({ type }) => type === FieldType.number))
      );
    })
  );
}

function asTable(query: MesosQuery): Advice['fix'] {
  return {
    label: t('query.advice.as-table', 'Show as a table'),
    query: { ...query, limit: undefined, format: 'table' },
  };
}

/** Returns how a query is asked for values over time, where it can be. */
function asSeries(query: MesosQuery, frames: DataFrame[]): Advice['fix'] {
  const label = t('query.advice.as-series', 'Read values over time');
  switch (queryTypeOf(query)) {
    case 'metrics':
    case 'promql':
      return { label, query: { ...query, format: 'time_series', range: true, instant: false } };
    case 'sql': {
      const hasTime = frames.some(({ fields }) => fields.some(({ type }) => type === FieldType.time));
      return hasTime ? { label, query: { ...query, format: 'time_series' } } : undefined;
    }
    default:
      return undefined;
  }
}

/** Returns the form of events that a panel draws. */
function ofEvents(query: MesosQuery, panel: string): Advice['fix'] {
  if (panel === 'state-timeline' || panel === 'status-history') {
    const label = t('query.advice.as-timeline', 'Show as a timeline');
    return { label, query: { ...query, limit: undefined, format: 'timeline' } };
  }
  if (OF_ONE_NUMBER.has(panel) || panel === 'barchart') {
    const label = t('query.advice.as-count', 'Count them');
    return { label, query: { ...query, limit: undefined, format: 'count' } };
  }
  return asTable(query);
}
