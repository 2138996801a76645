// What is wrong with a statement, and where.
import { getTemplateSrv } from '@grafana/runtime';

import { isCancelled, Refusal, type MesosResources } from '../../resources';
import { QUERY_VERSION } from '../defaults';
import { interpolateQuery, type Replacer } from '../interpolate';
import { placedSQL } from '../places';
import type { Checked } from '../problem';

/** The end of the backend's sentence (pkg/tables/errors.go). */
const POSITION = / \(at character (\d+)\)$/;

/** Returns what the backend says about a statement; nothing where it does not answer. */
export async function checkSQL(
  sql: string,
  resources: MesosResources,
  requestId: string,
  templates: Replacer = getTemplateSrv()
): Promise<Checked> {
  if (sql.trim() === '') {
    return { problems: [], warnings: [] };
  }
  const sent = placedSQL(sql, (text) => interpolateQuery({ refId: 'A', sql: text }, templates).sql ?? text);
  try {
    const query = { refId: 'A', queryType: 'sql' as const, version: QUERY_VERSION, sql: sent.text };
    const { warnings = [] } = await resources.compile(query, requestId);
    return { problems: [], warnings };
  } catch (err) {
    if (isCancelled(err)) {
      throw err;
    }
    if (!(err instanceof Refusal && err.ofQuery)) {
      return { problems: [], warnings: [] };
    }
    const message = err.message.replace(/^sql: /, '');
    const found = POSITION.exec(message);
    if (!found) {
      return { problems: [{ from: 0, to: sql.length, message }], warnings: [] };
    }
    const at = [...sent.text].slice(0, Number(found[1]) - 1).join('').length;
    const { from, to } = sent.spanOf(at);
    const word = /^[\w.]+/.exec(sql.slice(from))?.[0].length ?? 0;
    return {
      problems: [{ from, to: Math.max(to, from + word), message: message.slice(0, found.index) }],
      warnings: [],
    };
  }
}
