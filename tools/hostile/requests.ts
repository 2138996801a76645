// What a Viewer can send: queries by POST /api/ds/query and read-only resources.

/** One HTTP request to Grafana's API. */
export interface Request {
  method: 'GET' | 'POST';
  /** Below the server's URL. */
  path: string;
  /** Text, or an object that is sent as JSON. */
  body?: string | object;
  headers?: Record<string, string>;
}

/** UIDs of the suite's data sources; stage.ts has what is behind them. */
export type Uid = 'mesos' | 'large' | 'names' | 'giant' | 'odd' | 'files';

/** A query of any type; keys that are absent get a panel's defaults. */
export interface Query {
  uid?: Uid;
  [key: string]: unknown;
}

/** Grafana's relative time; `from` of a request. */
const RANGE = { from: 'now-6h', to: 'now' };

/** One request with one or more queries, each with a refId of its own. */
export function ask(queries: Query | Query[], range: { from: string; to: string } = RANGE): Request {
  const list = Array.isArray(queries) ? queries : [queries];
  return {
    method: 'POST',
    path: '/api/ds/query',
    body: {
      ...range,
      queries: list.map(({ uid = 'mesos', ...query }, i) => ({
        refId: `Q${i}`,
        datasource: { uid, type: 'community-mesos-datasource' },
        ...{ maxDataPoints: 1500, intervalMs: 15_000 },
        ...query,
      })),
    },
  };
}

/** A PromQL query over the range, as a panel sends it. */
export const range = (expr: string, more: Query = {}): Query => ({ queryType: 'promql', expr, range: true, ...more });

/** A PromQL query at the end of the range. */
export const instant = (expr: string, more: Query = {}): Query => ({
  queryType: 'promql',
  expr,
  instant: true,
  ...more,
});

/** A query of the builder: CPUs allocated to tasks, over the range. */
export const builder = (more: Query): Query => ({
  ...{ queryType: 'metrics', entity: 'task', resource: 'cpus', measure: 'allocated' },
  ...more,
});

/** A query for events. */
export const events = (more: Query = {}): Query => ({ queryType: 'events', ...more });

/** A query for lines of a task's log. */
export const logs = (more: Query = {}): Query => ({ queryType: 'logs', ...more });

/** A statement of SQL, as a table. */
export const sql = (text: string, more: Query = {}): Query => ({ queryType: 'sql', sql: text, ...more });

/** How many more tasks of a shape have room. */
export const fits = (shape: unknown, more: Query = {}): Query => ({
  ...{ queryType: 'metrics', entity: 'cluster', resource: 'tasks', measure: 'fits', shape },
  ...more,
});

/** A graph of what runs where. */
export const topology = (more: Query = {}): Query => ({ queryType: 'topology', ...more });

/** A variable query. */
export const variable = (what: object, more: Query = {}): Query => ({ queryType: 'variable', variable: what, ...more });

/** A resource. Lists become repeated parameters. */
export function resource(
  name: string,
  parameters: Record<string, string | string[]> = {},
  uid: Uid = 'mesos'
): Request {
  const search = new URLSearchParams(
    Object.entries(parameters).flatMap(([key, value]) => [value].flat().map((one) => [key, one]))
  );
  return { method: 'GET', path: `/api/datasources/uid/${uid}/resources/${name}?${search}` };
}

/** POST resources/compile. */
export function compile(query: Query): Request {
  const { uid = 'mesos', ...rest } = query;
  return {
    method: 'POST',
    path: `/api/datasources/uid/${uid}/resources/compile`,
    body: { query: { refId: 'A', ...rest } },
  };
}

export const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
