// A load balancer that gives each request to another master: a poll counts when it met the leader, and only then.
import type { Result } from './compare.ts';
import { pollsIn, type Ups } from './up.ts';
import { anyMasterAnswers, leadershipAt, pagesOf, type Watched } from './watched.ts';

/** The share of polls that must have met the leader. */
const LEAST = 0.2;

export function judgeBalanced(watched: Watched, ups: Ups): Result {
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  if (!anyMasterAnswers(watched)) {
    return result;
  }
  const { live, interval } = watched;
  const leaderships = live.reachable();
  const tells = pagesOf(watched).filter(({ page, host, at }) => {
    const leadership = leadershipAt(leaderships, at);
    return page === '/state' && host === `master${leadership?.master}` && at >= (leadership?.ready ?? Infinity);
  });
  const polls = pollsIn(ups, 'state').filter(({ at }) => at <= watched.to);
  for (const { at, up } of polls) {
    const met = tells.some(({ arrived }) => arrived >= at - 0.01 && arrived < at + 0.9 * interval);
    result.checks++;
    if (met !== (up === 1)) {
      const when = new Date(at * 1000).toISOString();
      result.deviations.push(
        `mesos_up{poll="state"} at ${when}: ${up}, and the poll ${met ? 'met' : 'did not meet'} the leader`
      );
    }
  }
  const good = polls.filter(({ up }) => up === 1).length;
  result.checks++;
  if (good < LEAST * polls.length) {
    result.deviations.push(`${good} of ${polls.length} polls found the leader behind the load balancer`);
  }
  return result;
}
