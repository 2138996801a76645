// The backend's read-only resources, typed. Everything the editors offer comes
// from here, so that they never know less or more than the backend does.
import type { BackendSrvRequest } from '@grafana/runtime';

import type { MesosQuery } from './query/types';

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

/** What the builder may ask about one kind of thing. */
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
}

export interface Catalogue {
  series: CatalogueSeries[];
  entities: CatalogueEntity[];
  /** Names of PromQL's functions, for completion. */
  functions?: string[];
}

/** What a builder query stands for. */
export interface Compiled {
  promql: string;
  warnings?: string[];
}

/** Prometheus' answer to /api/v1/labels and /api/v1/label/<name>/values. */
interface PrometheusList {
  status: 'success';
  data: string[];
  warnings?: string[];
}

/** The part of DataSourceWithBackend that is needed here. */
export interface ResourceCaller {
  getResource<T>(path: string, params?: BackendSrvRequest['params'], options?: Partial<BackendSrvRequest>): Promise<T>;
  postResource<T>(path: string, data?: BackendSrvRequest['data'], options?: Partial<BackendSrvRequest>): Promise<T>;
}

/** Most values a completion list asks for. */
export const LABEL_VALUES_LIMIT = 1000;

/** How long a list of labels or values is good for: a menu asks at every letter. */
const RECENT_MS = 10_000;

// A failed completion or an unfinished query is no reason for a red toast.
const quiet: Partial<BackendSrvRequest> = { showErrorAlert: false };

export class MesosResources {
  private cataloguePromise?: Promise<Catalogue>;
  private readonly recent = new Map<string, { until: number; list: Promise<string[]> }>();

  constructor(private readonly caller: ResourceCaller) {}

  /** The catalogue: fixed for a version of the backend, so asked once, and again after a failure. */
  catalogue(): Promise<Catalogue> {
    this.cataloguePromise ??= this.caller.getResource<Catalogue>('catalogue', undefined, quiet).catch((err) => {
      this.cataloguePromise = undefined;
      throw err;
    });
    return this.cataloguePromise;
  }

  /** Label names of the series named; of all series where none is. */
  async labels(match: string[] = []): Promise<string[]> {
    const names = await this.list('labels', withMatch(match));
    return names.filter((label) => label !== '__name__');
  }

  /** Values of a label (`__name__`: series names), of the series named; of all where none is. */
  labelValues(label: string, match: string[] = [], limit = LABEL_VALUES_LIMIT): Promise<string[]> {
    return this.list('label-values', { label, limit, ...withMatch(match) });
  }

  // Asked again after RECENT_MS, and at once after a failure.
  private list(path: string, params: Record<string, string | number | string[]>): Promise<string[]> {
    const key = JSON.stringify([path, params]);
    const now = Date.now();
    for (const [old, { until }] of this.recent) {
      if (until <= now) {
        this.recent.delete(old);
      }
    }
    const known = this.recent.get(key);
    if (known) {
      return known.list;
    }
    const list = this.caller.getResource<PrometheusList>(path, params, quiet).then(({ data }) => data ?? []);
    this.recent.set(key, { until: now + RECENT_MS, list });
    list.catch(() => this.recent.delete(key));
    return list;
  }

  /**
   * The PromQL a builder query stands for. An impossible query is an Error with the backend's sentence. A later call
   * with the same requestId cancels an earlier one, which then rejects with something isCancelled() knows.
   */
  async compile(query: MesosQuery, requestId: string): Promise<Compiled> {
    try {
      return await this.caller.postResource<Compiled>('compile', { query }, { ...quiet, requestId });
    } catch (err) {
      throw isCancelled(err) ? err : new Error(errorSentence(err));
    }
  }

  /** The collector's own view of itself: leader, polls, series, history. */
  status(): Promise<Record<string, unknown>> {
    return this.caller.getResource<Record<string, unknown>>('status', undefined, quiet);
  }
}

// Grafana writes an array as a repeated parameter; without a match there is no parameter at all.
function withMatch(match: string[]): { 'match[]'?: string[] } {
  return match.length > 0 ? { 'match[]': match } : {};
}

/** Whether a request was cancelled because a newer one took its place. */
export function isCancelled(err: unknown): boolean {
  return typeof err === 'object' && err !== null && 'cancelled' in err && err.cancelled === true;
}

/** The sentence in what Grafana's fetch rejects with: the backend's own where there is one. */
export function errorSentence(err: unknown): string {
  if (typeof err === 'string') {
    return err;
  }
  if (typeof err !== 'object' || err === null) {
    return 'unknown error';
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
  return 'unknown error';
}
