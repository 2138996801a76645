/**
 * Chooses, among recorded rows, the one that answers a request.
 */
import { isAnswer, unixTime, type Row } from './manifest.ts';

/** The parts of a request that choose its response. Header names are lower case, as in Node. */
export interface Asked {
  method: string;
  /** Path with query string. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/**
 * Paths that a master serves with and without the prefix `/master`, an agent with and without `/slave(1)`: they are
 * routes of one libprocess process, to which paths without a prefix are delegated (src/master/main.cpp, slave/main.cpp).
 * /metrics/snapshot and /version are other processes' and have no such twin.
 */
const DELEGATED = new Set([
  ...['/state', '/state-summary', '/roles', '/flags', '/health', '/redirect', '/slaves', '/frameworks', '/tasks'],
  ...['/quota', '/weights', '/maintenance/schedule', '/maintenance/status', '/containers', '/monitor/statistics'],
]);

/**
 * The row that answers the request, or undefined when none was recorded.
 *
 * Path: as asked; else without doubled and trailing slashes; else without query string (Mesos ignores parameters it
 * does not know); else with or without the process' prefix.
 * Credentials: the row recorded with the same Authorization header, else the one recorded without any.
 * Other recorded request headers: the row that agrees best, then the latest.
 */
export function pickRow(rows: Row[], asked: Asked): Row | undefined {
  return best(withCredentials(candidates(rows, asked), asked), asked);
}

/** As pickRow, but the row nearest in time to `at` (Unix seconds) wins. */
export function pickNearest(rows: Row[], asked: Asked, at: number): Row | undefined {
  const distance = (row: Row) => Math.abs(unixTime(row) - at);
  return withCredentials(candidates(rows, asked), asked)
    .filter((row) => !Number.isNaN(unixTime(row)))
    .reduce<Row | undefined>((near, row) => (near && distance(near) <= distance(row) ? near : row), undefined);
}

function candidates(rows: Row[], asked: Asked): Row[] {
  const answers = rows.filter(isAnswer);
  for (const spelling of spellings(asked.url)) {
    const there = answers.filter((row) => row.path === spelling);
    for (const method of methodsLike(asked.method)) {
      const found = there.filter((row) => row.method === method);
      if (found.length > 0) {
        return found.filter((row) => row.body === null || sameBody(row.body, asked.body));
      }
    }
  }
  return [];
}

/** JSON is compared without white space. */
function sameBody(recorded: string, asked: string): boolean {
  try {
    return JSON.stringify(JSON.parse(recorded)) === JSON.stringify(JSON.parse(asked));
  } catch {
    return recorded === asked;
  }
}

/**
 * GET endpoints answer every method alike (recorded in 09-protocol). The answer to HEAD is the head of GET's, so its row,
 * which has no body, is of use only where GET was not recorded.
 */
function methodsLike(method: string): string[] {
  return method === 'HEAD' ? ['GET', 'HEAD'] : [method, 'GET'];
}

/** The spellings under which a path may have been recorded, the closest first. */
export function spellings(url: string): string[] {
  const [path, query] = splitUrl(url);
  const clean = path.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  const bare = clean.replace(/^\/(master|slave\(1\))(?=\/)/, '');
  const twins = DELEGATED.has(bare) ? (bare === clean ? [`/master${bare}`, `/slave(1)${bare}`] : [bare]) : [];
  const paths = [clean, ...twins];
  return [...new Set([url, ...paths.map((p) => p + query), ...paths])];
}

/** `/a?b=c` -> [`/a`, `?b=c`] */
export function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
}

function withCredentials(rows: Row[], asked: Asked): Row[] {
  const sent = asked.headers.authorization;
  const same = rows.filter((row) => sent !== undefined && row.req_headers.Authorization === sent);
  return same.length > 0 ? same : rows.filter((row) => row.req_headers.Authorization === undefined);
}

function best(rows: Row[], asked: Asked): Row | undefined {
  const agreement = (row: Row) => {
    const recorded = Object.entries(row.req_headers).filter(([name]) => name !== 'Authorization');
    return recorded.every(([name, value]) => asked.headers[name.toLowerCase()] === value) ? recorded.length : -1;
  };
  return rows.reduce<Row | undefined>((found, row) => {
    if (found === undefined) {
      return row;
    }
    const more = agreement(row) - agreement(found);
    return more > 0 || (more === 0 && unixTime(row) > unixTime(found)) ? row : found;
  }, undefined);
}
