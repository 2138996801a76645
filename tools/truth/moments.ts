// Finds the moment of the cluster that a query result is from.
import type { Truth } from '../simulator/live/truth.ts';
import { type Check, type Page, POLLS } from './checks.ts';
import { type Answer, byMoment, type Moment } from './compare.ts';
import type { Judged } from './lateness.ts';
import type { Rests } from './rests.ts';
import type { Ups } from './up.ts';
import { anyMasterAnswers, type Answered, pagesOf, leadershipAt, type Watched } from './watched.ts';

/** Seconds from the request for a page until its samples are there, and a margin. */
const ANSWERED = 3;

/**
 * The moments of the comparison, without those at which the machine was too busy to judge. `length`: seconds after a moment
 * that belong to it. `rests`: where what is compared is of /state, when that was asked for.
 */
export function momentsOf(
  watched: Watched,
  length: number,
  excused: (at: number) => boolean,
  judged: Judged,
  rests?: Rests
): Moment[] {
  const { live, interval, speed, from, to, toCluster, late } = watched;
  const events = live.events().map(({ at }) => at);
  const moments: Moment[] = [];
  for (let at = from; at <= to; at += interval) {
    // What is seen at a moment may be of the poll before.
    if (!judged.judges(at, late?.(at - interval, at + length + ANSWERED) ?? 0)) {
      continue;
    }
    const took = rests?.because(at);
    if (took !== undefined) {
      judged.rests(at, took);
      continue;
    }
    const [begin, end] = [toCluster(at), toCluster(at + length)];
    moments.push({
      at,
      window: events.some((event) => event <= end && begin < event + interval * speed),
      excused: excused(end),
    });
  }
  return moments;
}

/** The cluster's moment at which a leader answered a page for a sample of that time, by the plugin's clock. */
export function answeredAtOf(watched: Watched): (page: string, at: number) => number {
  const leaderships = watched.live.reachable();
  const pages = Map.groupBy(
    pagesOf(watched).filter(({ host, at }) => host === `master${leadershipAt(leaderships, at)?.master}`),
    ({ page }) => page
  );
  // Both clocks cut off at milliseconds. What takes longer than this to arrive is another request.
  const [early, late] = [0.002, 5];
  return (page, at) => {
    const found: Answered | undefined = pages.get(page)?.find(({ arrived }) => arrived >= at - early);
    return found !== undefined && found.arrived < at + late ? found.at : watched.toCluster(at);
  };
}

/**
 * Of which moment of the cluster an answer is, by moment asked: of the latest poll, also where that brought nothing. An
 * answer that is too old for that, an interval and a little, is compared with the moment of the query. (In real time a
 * machine that is busy with something else may be late.)
 */
export function thenOf(
  { interval, toCluster, oneClock }: Watched,
  { page, by }: Check,
  times: Answer,
  ups: Ups,
  moments: Moment[],
  answeredAt: (page: Page, at: number) => number
): Map<number, number> {
  const polled = byMoment({ by }, times);
  return new Map(
    moments.map(({ at }) => {
      const latest = Math.max(...(polled.get(at)?.values() ?? []));
      const said = ups.get(POLLS[page])?.get(at);
      if (latest > at - (oneClock ? 1.2 : 2) * interval) {
        return [at, answeredAt(page, latest)];
      }
      return [at, said?.up === 0 ? toCluster(said.at) : toCluster(at)];
    })
  );
}

/** The truth at moments, computed in their order, so that the cluster's events are repeated only once. */
export function truthsOf({ live }: Pick<Watched, 'live'>, at: number[]): (at: number) => Truth {
  const truths = new Map<number, Truth>();
  const truth = (moment: number) => truths.get(moment) ?? truths.set(moment, live.truth(moment)).get(moment)!;
  [...new Set(at)].sort((a, b) => a - b).forEach(truth);
  return truth;
}
