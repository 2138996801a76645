// From builder to code and back. What the other mode held is kept while the
// editor is open, so that a look at the other side loses nothing.
import { isEqual, omit, pick } from 'lodash';

import { AUTO_LEGEND, defaultQuery, QUERY_VERSION } from './defaults';
import type { MesosQuery } from './types';

// The keys that say what is asked, by query type (QUERIES, own keys of a type).
const OTHER_KEYS = [
  'kinds',
  'severity',
  'limit',
  'table',
  'columns',
  'orderBy',
  'sql',
  'taskId',
  'frameworkId',
  'file',
  'filter',
] as const;
const BUILDER_KEYS = [
  'entity',
  'resource',
  'measure',
  'metric',
  'groupBy',
  'filters',
  'aggregate',
  'rate',
  'top',
  'shape',
  'forecast',
] as const;

type BuilderPart = Pick<MesosQuery, (typeof BUILDER_KEYS)[number]>;

export interface OtherMode {
  builder?: BuilderPart;
  /** The code when it was shown last: what the builder was compiled to, or what was left for it. */
  known?: string;
  /** The code as it was left, and the builder's part it was made from. */
  code?: { expr: string; madeFrom: BuilderPart };
}

export interface Switched {
  query: MesosQuery;
  otherMode: OtherMode;
}

/** Whether the code that was left for the builder still stands: the builder was not used meanwhile. */
export function codeStands(query: MesosQuery, { code }: OtherMode): boolean {
  return code !== undefined && isEqual(code.madeFrom, builderPart(query));
}

/** Reports whether an expression was written by hand since it is shown: the builder knows nothing of it. */
export function isOwnCode({ expr = '' }: MesosQuery, { known }: OtherMode): boolean {
  return expr.trim() !== '' && expr.trim() !== known?.trim();
}

/**
 * The query as PromQL: compiled is the backend's text of it. Code that was left for the builder comes back as it was,
 * unless the builder was used meanwhile. New code gets the legend that builder queries have by themselves, as in
 * Grafana's Prometheus editor: without legendFormat PromQL's series have their whole name.
 */
export function toCode(query: MesosQuery, compiled: string | undefined, other: OtherMode): Switched {
  const common = { ...withoutSubject(query), queryType: 'promql' as const, version: QUERY_VERSION };
  const stands = other.code && codeStands(query, other) ? other.code.expr : undefined;
  const expr = stands ?? compiled ?? '';
  return {
    query: {
      ...common,
      ...(stands === undefined && { legendFormat: query.legendFormat || AUTO_LEGEND }),
      expr,
    },
    otherMode: { builder: builderPart(query), known: expr },
  };
}

/** The builder as it was left, or with the default query: PromQL is not turned back into choices. */
export function toBuilder(query: MesosQuery, { builder = builderPart(defaultQuery()) }: OtherMode): Switched {
  return {
    query: { ...withoutSubject(query), queryType: 'metrics', version: QUERY_VERSION, ...builder },
    otherMode: { builder, code: { expr: query.expr ?? '', madeFrom: builder } },
  };
}

function builderPart(query: Partial<MesosQuery>): BuilderPart {
  return pick(query, BUILDER_KEYS);
}

/** Returns the query without what it asks for: its name, data source and options. */
export function withoutSubject(query: MesosQuery): MesosQuery {
  return omit(query, BUILDER_KEYS, OTHER_KEYS, 'expr');
}
