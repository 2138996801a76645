/**
 * Access: credentials, and ACLs that hide everything except agents from restricted principals (15-auth).
 */
import type { Asked } from '../match.ts';
import type { Answer } from '../answer.ts';
import type { Plan } from './plan.ts';
import { plain } from './replies.ts';

/** The pages that everybody may see. */
const OPEN = new Set(['/version', '/health', '/redirect', '/system/stats.json', '/']);

/** What ACLs forbid a restricted principal; the other pages they only filter. */
const FORBIDDEN = new Set([
  ...['/metrics/snapshot', '/flags', '/monitor/statistics', '/containers', '/files/browse', '/files/read'],
]);

export interface Access {
  /** What is answered instead. */
  denied?: Answer;
  /** Whether ACLs hide everything but the agents. */
  restricted: boolean;
}

export function access({ principals }: Plan, path: string, asked: Asked, process: 'master' | 'agent'): Access {
  if (principals === undefined || OPEN.has(path)) {
    return { restricted: false };
  }
  const sent = /^Basic (\S+)$/.exec(String(asked.headers.authorization ?? ''))?.[1] ?? '';
  const [name, ...password] = Buffer.from(sent, 'base64').toString().split(':');
  const principal = Object.hasOwn(principals, name) ? principals[name] : undefined;
  if (principal === undefined || principal.password !== password.join(':')) {
    const realm = `mesos-${process}-${path === '/api/v1' || path === '/teardown' ? 'readwrite' : 'readonly'}`;
    return { denied: plain(401, [['WWW-Authenticate', `Basic realm="${realm}"`]]), restricted: false };
  }
  const restricted = principal.restricted === true;
  return { denied: restricted && FORBIDDEN.has(path) ? plain(403) : undefined, restricted };
}
