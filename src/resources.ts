// The backend's read-only resources, with types. The choices of the editors come
// from here, so that they are those of the backend.
import type { RelativeTimeRange } from '@grafana/data';
import type { BackendSrvRequest } from '@grafana/runtime';

import { t } from './i18n';
import type { Schema } from './query/tables/schema';
import type { Filter, MesosQuery } from './query/types';

/** One series the backend writes (`catalogue/metrics.json`). */
export interface CatalogueSeries {
  name: string;
  type: 'counter' | 'gauge' | 'summary' | 'untyped';
  unit: string;
  help: string;
  /** Without `cluster`, which every series has. */
  labels?: string[];
  /** Labels that depend on the cluster, with a trailing * for any ending (`attr_*`). */
  openLabels?: string[];
  poll: string;
  entity?: string;
  resource?: string;
  measure?: string;
  since?: string;
  source?: string;
  keys?: string[];
}

/** The choices of the builder for one entity. */
export interface CatalogueEntity {
  entity: string;
  /** Labels to filter and group by, those of info series included; a trailing * is any ending (`attr_*`). */
  labels: string[];
  defaultGroupBy: string[];
  resources: string[];
  /** Labels that only the series of one resource have, by resource. */
  resourceLabels?: Record<string, string[]>;
  /** By resource. */
  measures: Record<string, string[]>;
  /** Measures of tasks that are counters: they have a rate and no forecast. */
  counters?: string[];
  /** Measures that are quotients: entities cannot be counted by them. */
  ratios?: string[];
  /** Labels that groupBy must hold, by measure. */
  needs?: Record<string, string>;
}

export interface Catalogue {
  series: CatalogueSeries[];
  /** Names of other tools that are answered from series, with what answers as their help. */
  aliases?: CatalogueSeries[];
  entities: CatalogueEntity[];
  /** Names of PromQL's functions, for completion. */
  functions?: string[];
  /** Their signatures, by name: `rate(range vector): instant vector`. */
  signatures?: Record<string, string>;
}

/** How many series each name has now. */
export interface SeriesCounts {
  series: Record<string, number>;
  /** True where names are left out: one that is missing may have series. */
  part: boolean;
}

/** What a builder query compiles to: PromQL for series, SQL for rows. */
export interface Compiled {
  promql?: string;
  sql?: string;
  warnings?: string[];
}

/** What a rule would get of a query now. */
export interface Trial {
  /** Why it would fail. */
  error?: string;
  /** How many numbers it would read, or how many series over time. */
  numbers: number;
  range?: boolean;
}

/** A task whose sandbox can be read. */
export interface LogTask {
  taskId: string;
  frameworkId: string;
  name: string;
  framework: string;
  state: string;
}

/** A file of a task's sandbox. */
export interface LogFile {
  name: string;
  bytes: number;
}

/** The shape of lists that are no Prometheus' own: entries with several fields. */
interface EntryList<T> {
  status: 'success';
  data?: T[];
  warnings?: string[];
}

/** Prometheus' answer to /api/v1/labels and /api/v1/label/<name>/values. */
interface PrometheusList {
  status: 'success';
  data: string[];
  /** How many there are, where that is known. */
  total?: number;
  warnings?: string[];
}

/** A list, or the part of it that was asked for. */
export interface Listed {
  values: string[];
  /** How many there are; undefined where there are more than are listed, and nobody counted them. */
  total?: number;
}

/** The part of DataSourceWithBackend that is needed here. */
export interface ResourceCaller {
  getResource<T>(path: string, params?: BackendSrvRequest['params'], options?: Partial<BackendSrvRequest>): Promise<T>;
  postResource<T>(path: string, data?: BackendSrvRequest['data'], options?: Partial<BackendSrvRequest>): Promise<T>;
}

/** The limit of values in a menu or completion. */
const LABEL_VALUES_LIMIT = 1000;

/** The most values that the backend lists (pkg/query/resources.go). */
export const MOST_VALUES = 10_000;

/** How long a list of labels or values is reused: a menu asks for it at every letter. */
const RECENT_MS = 10_000;

/** Bounds of a look-up, in milliseconds. */
interface Span {
  start: number;
  end: number;
}

const MINUTE_MS = 60_000;

// Grafana would show a red toast for each failed completion and each unfinished query.
const quiet: Partial<BackendSrvRequest> = { showErrorAlert: false };

/** What was answered and is used again. */
class Answers {
  catalogue?: Promise<Catalogue>;
  schema?: Promise<Schema>;
  readonly recent = new Map<string, { until: number; list: Promise<Listed> }>();
}

export class MesosResources {
  constructor(
    private readonly caller: ResourceCaller,
    private readonly span?: Span,
    private readonly answers = new Answers(),
    private readonly limit = LABEL_VALUES_LIMIT
  ) {}

  /**
   * Returns resources whose lists are those of a time range, in whole minutes: a range that ends now is another one at
   * each refresh.
   */
  over(range?: { from: { valueOf(): number }; to: { valueOf(): number } }): MesosResources {
    const start = Math.floor(Number(range?.from.valueOf()) / MINUTE_MS) * MINUTE_MS;
    const end = Math.ceil(Number(range?.to.valueOf()) / MINUTE_MS) * MINUTE_MS;
    return new MesosResources(this.caller, start < end ? { start, end } : undefined, this.answers, this.limit);
  }

  /** Returns resources whose lists of values have as many as this at most. */
  upTo(limit: number): MesosResources {
    return new MesosResources(this.caller, this.span, this.answers, limit);
  }

  /** Returns the catalogue. It is constant for a version of the backend, so it is requested once, and after a failure. */
  catalogue(): Promise<Catalogue> {
    this.answers.catalogue ??= this.caller.getResource<Catalogue>('catalogue', undefined, quiet).catch((err) => {
      this.answers.catalogue = undefined;
      throw err;
    });
    return this.answers.catalogue;
  }

  /** Returns the tables of SQL. They are constant for a version of the backend, as the catalogue. */
  schema(): Promise<Schema> {
    this.answers.schema ??= this.caller.getResource<Schema>('schema', undefined, quiet).catch((err) => {
      this.answers.schema = undefined;
      throw err;
    });
    return this.answers.schema;
  }

  /** Returns the labels of the selected series; without a selector, of all series. */
  async labels(match: string[] = []): Promise<Listed> {
    const { values, total } = await this.list('labels', { limit: MOST_VALUES, ...withMatch(match) });
    const labels = values.filter((label) => label !== '__name__');
    return { values: labels, total: total === undefined ? undefined : total - (values.length - labels.length) };
  }

  /**
   * Returns the values of a label (`__name__`: names of series) of the selected series, or of all; with a text, those
   * that contain it.
   */
  labelValues(label: string, match: string[] = [], search = '', limit = this.limit): Promise<Listed> {
    return this.list('label-values', { label, ...(search && { search }), limit, ...withMatch(match) });
  }

  /** Returns the values that a field has among events that pass filters; with a text, those that contain it. */
  eventValues(field: string, search = '', filters: Filter[] = [], limit = this.limit): Promise<Listed> {
    return this.list('events/values', { field, ...(search && { search }), limit, ...passing(filters) });
  }

  /**
   * Returns the values of a column, of `labels` or `attributes` their names, in rows that pass filters; with a text, those
   * that contain it.
   */
  columnValues(
    table: string,
    column: string,
    search = '',
    filters: Filter[] = [],
    limit = this.limit
  ): Promise<Listed> {
    return this.list('schema/values', { table, column, ...(search && { search }), limit, ...passing(filters) });
  }

  /** Counts the series that each name has now. */
  async seriesCounts(): Promise<SeriesCounts> {
    type Answer = { data: Record<string, number>; warnings?: string[] };
    const { data, warnings = [] } = await this.caller.getResource<Answer>('series-counts', undefined, quiet);
    return { series: data, part: warnings.length > 0 };
  }

  /** Returns tasks whose name or ID contains a text, the newest first. */
  async logTasks(search = '', limit = LABEL_VALUES_LIMIT): Promise<LogTask[]> {
    const params = { ...(search && { search }), limit };
    return (await this.caller.getResource<EntryList<LogTask>>('logs/tasks', params, quiet)).data ?? [];
  }

  /** Returns the files of a task's sandbox that are logs. */
  async logFiles(taskId: string, frameworkId?: string): Promise<LogFile[]> {
    const params = { taskId, ...(frameworkId && { frameworkId }) };
    return (await this.caller.getResource<EntryList<LogFile>>('logs/files', params, quiet)).data ?? [];
  }

  // Requests a list again after RECENT_MS, and at once after a failure.
  private list(path: string, asked: Record<string, string | number | string[]>): Promise<Listed> {
    const params = { ...asked, ...this.span };
    const key = JSON.stringify([path, params]);
    const now = Date.now();
    const { recent } = this.answers;
    for (const [old, { until }] of recent) {
      if (until <= now) {
        recent.delete(old);
      }
    }
    const known = recent.get(key);
    if (known) {
      return known.list;
    }
    const list = this.caller.getResource<PrometheusList>(path, params, quiet).then(({ data, total, warnings }) => ({
      values: data ?? [],
      total: total ?? (warnings?.length ? undefined : data?.length),
    }));
    recent.set(key, { until: now + RECENT_MS, list });
    list.catch(() => recent.delete(key));
    return list;
  }

  /**
   * Returns the PromQL or SQL of a builder query. Rejects with the backend's sentence where the query is impossible. A later call
   * with the same requestId cancels an earlier one, whose rejection isCancelled() recognizes.
   */
  async compile(query: MesosQuery, requestId: string): Promise<Compiled> {
    try {
      return await this.caller.postResource<Compiled>('compile', { query }, { ...quiet, requestId });
    } catch (err) {
      throw isCancelled(err) ? err : new Refusal(errorSentence(err), statusOf(err));
    }
  }

  /**
   * Returns what a rule with this query, over this time range, would get now. A later call with the same requestId cancels
   * an earlier one.
   */
  tryRule(query: MesosQuery, relativeTimeRange: RelativeTimeRange | undefined, requestId: string): Promise<Trial> {
    return this.caller.postResource<Trial>('rule', { query, relativeTimeRange }, { ...quiet, requestId });
  }

  /** Returns the collector's status: leader, polls, series, history. */
  status(): Promise<Record<string, unknown>> {
    return this.caller.getResource<Record<string, unknown>>('status', undefined, quiet);
  }
}

function passing(filters: Filter[]): { filters?: string } {
  return filters.length > 0 ? { filters: JSON.stringify(filters) } : {};
}

// Grafana writes an array as a repeated parameter. An empty one would be a selector without text.
function withMatch(match: string[]): { 'match[]'?: string[] } {
  return match.length > 0 ? { 'match[]': match } : {};
}

/** Why the backend did not compile a query. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** Of the response; undefined where there was none. */
    readonly status?: number
  ) {
    super(message);
  }

  /** Whether the query is wrong, and not the connection or the backend. */
  get ofQuery(): boolean {
    return this.status === 400;
  }
}

/** Returns the status of a response that is an error. */
export function statusOf(err: unknown): number | undefined {
  return typeof err === 'object' && err !== null && 'status' in err && typeof err.status === 'number'
    ? err.status
    : undefined;
}

/** Reports whether a request was canceled because of a newer one. */
export function isCancelled(err: unknown): boolean {
  return typeof err === 'object' && err !== null && 'cancelled' in err && err.cancelled === true;
}

/** Returns the sentence of an error from Grafana's fetch: the backend's own, if there is one. */
export function errorSentence(err: unknown): string {
  if (typeof err === 'string') {
    return err;
  }
  if (typeof err !== 'object' || err === null) {
    return t('error.unknown', 'unknown error');
  }
  if ('data' in err && typeof err.data === 'object' && err.data !== null) {
    const data: { error?: unknown; message?: unknown } = err.data;
    for (const text of [data.error, data.message]) {
      if (typeof text === 'string' && text !== '') {
        return text;
      }
    }
  }
  for (const key of ['message', 'statusText'] as const) {
    const text = (err as Record<string, unknown>)[key];
    if (typeof text === 'string' && text !== '') {
      return text;
    }
  }
  return t('error.unknown', 'unknown error');
}
