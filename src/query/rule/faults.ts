// What a query lacks to be a rule's, as far as its keys tell. The rest the backend
// tries.
import { t } from '../../i18n';
import { queryTypeOf } from '../defaults';
import type { MesosQuery } from '../types';

export interface Fault {
  severity: 'warning' | 'info';
  title: string;
  text: string;
  /** What a click changes, and the words on its button. */
  fix?: { label: string; query: MesosQuery };
}

const INSTANT = { range: false, instant: true } as const;

/** Returns what a rule cannot read of the query, or reads in a way that surprises; nothing where it reads all numbers. */
export function faultsOf(query: MesosQuery): Fault[] {
  return [faultOf(query), faultOfPart(query)].filter((fault) => fault !== undefined);
}

function faultOf(query: MesosQuery): Fault | undefined {
  switch (queryTypeOf(query)) {
    case 'logs':
    case 'topology':
    case 'variable':
      return {
        ...noNumbers(),
        text: t(
          'query.rule.things',
          'Logs, node graphs and lists are no numbers: choose Metrics, Tables or Events above. Lines of a log can be counted by nothing here; ends of tasks are Events.'
        ),
      };
    case 'table':
      return {
        ...noNumbers(),
        text: t(
          'query.rule.rows',
          'Rows of a table are no numbers: choose Code, and select one column of numbers, for example SELECT framework, count(*) AS tasks FROM tasks GROUP BY framework, with the format Number.'
        ),
      };
    case 'events':
      return query.format === 'count'
        ? undefined
        : {
            ...noNumbers(),
            text: t('query.rule.events', 'Events are no numbers until they are counted.'),
            fix: {
              label: t('query.rule.count', 'Count them'),
              query: { ...query, format: 'count', limit: undefined, ...INSTANT },
            },
          };
    case 'sql':
      return faultOfSQL(query);
    default:
      return query.instant ? undefined : faultOfRange(query);
  }
}

function faultOfSQL(query: MesosQuery): Fault | undefined {
  switch (query.format) {
    case 'numeric':
      return undefined;
    case 'time_series':
      return {
        severity: 'info',
        title: t('query.rule.series-title', 'The rule reads series over time'),
        text: t(
          'query.rule.series',
          'An alert rule needs a Reduce, which makes one number of each series. A recording rule cannot record them: choose the format Number.'
        ),
      };
    default:
      return {
        ...noNumbers(),
        text: t('query.rule.sql', 'The answer of SQL is a table: as Number each combination of its texts is a number.'),
        fix: { label: t('query.rule.number', 'Read it as Number'), query: { ...query, format: 'numeric', ...INSTANT } },
      };
  }
}

function faultOfRange(query: MesosQuery): Fault {
  return {
    severity: 'info',
    title: t('query.rule.range-title', 'The rule reads a range'),
    text: t(
      'query.rule.range',
      'An alert rule needs a Reduce then, and its last value before an outage counts for as long as the range reaches back. A recording rule cannot record a range.'
    ),
    fix: { label: t('query.rule.instant', 'Read the current value'), query: { ...query, ...INSTANT } },
  };
}

/** Returns what is said of a query that keeps some of its series: others give no alert. */
function faultOfPart(query: MesosQuery): Fault | undefined {
  const title = t('query.rule.part-title', 'The rule reads a part of the series');
  switch (queryTypeOf(query)) {
    case 'metrics':
      return query.top
        ? {
            severity: 'info',
            title,
            text: t(
              'query.rule.top',
              'Top keeps {{number}}, chosen anew in each evaluation: another series above the threshold gives no alert, and alerts of those that are chosen at times end and begin again.',
              { number: Math.abs(query.top) }
            ),
            fix: { label: t('query.rule.all', 'Read all series'), query: { ...query, top: undefined } },
          }
        : undefined;
    case 'promql':
      return keeps(query.expr, /\b(topk|bottomk|limitk|limit_ratio)\s*(\(|by\b|without\b)/i, title);
    case 'sql':
      return query.format === 'numeric' || query.format === 'time_series'
        ? keeps(query.sql, /\b(limit)\s+\d/i, title)
        : undefined;
    default:
      return undefined;
  }
}

/** Returns what is said of code in which a word chooses some of the series. */
function keeps(code: string | undefined, chooses: RegExp, title: string): Fault | undefined {
  const bare = (code ?? '').replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""');
  const [, word] = chooses.exec(bare) ?? [];
  return word === undefined
    ? undefined
    : {
        severity: 'info',
        title,
        text: t(
          'query.rule.chosen',
          '{{word}} chooses them anew in each evaluation: another series above the threshold gives no alert, and alerts of those that are chosen at times end and begin again. A rule does best without it.',
          { word }
        ),
      };
}

function noNumbers(): Pick<Fault, 'severity' | 'title'> {
  return { severity: 'warning', title: t('query.rule.no-numbers', 'A rule cannot read this') };
}
