// What the shipped rules would do over hours of a simulated cluster: the plugin's collector records them in seconds
// (tools/prefill), and then each rule's own query is sent to POST /api/ds/query as of every minute, as Grafana's scheduler does.
import { provisionedSource } from '../query.ts';
import { type Recording, withRecording } from '../recorded.ts';
import type { Alert } from './alert.ts';
import { secondsOf } from './capacity.ts';

interface CourseOptions extends Recording {
  /** Minutes of the scenario between two evaluations of the rules. */
  every: number;
  /** The first evaluation, minutes from the beginning. */
  from?: number;
}

/** A number that a rule's query returned. */
export interface Reading {
  labels: Record<string, string>;
  value: number;
}

/** An evaluation of a rule. */
export interface Evaluation {
  /** Minutes from the scenario's beginning. */
  minute: number;
  readings: Reading[];
  error?: string;
}

/** Requests that are on their way at once. */
const AT_ONCE = 4;

interface Frame {
  schema: { fields: Array<{ type: string; labels?: Record<string, string> }> };
  data: { values: Array<Array<number | string | null>> };
}

/** Records the scenario, and evaluates the queries of the given rules over it. */
export async function courseOf(alerts: readonly Alert[], options: CourseOptions): Promise<Map<string, Evaluation[]>> {
  return withRecording(options, (url, { begin }) => evaluate(url, alerts, begin, options));
}

async function evaluate(
  url: string,
  alerts: readonly Alert[],
  begin: number,
  { scenario, every, from = 5 }: CourseOptions
): Promise<Map<string, Evaluation[]>> {
  const found = new Map(alerts.map(({ uid }) => [uid, [] as Evaluation[]]));
  const moments: number[] = [];
  for (let minute = from; minute * 60 <= scenario.length; minute += every) {
    moments.push(minute);
  }
  const byReach = Map.groupBy(alerts, ({ reach = '10m' }) => secondsOf(reach));
  const worker = async () => {
    for (let minute = moments.shift(); minute !== undefined; minute = moments.shift()) {
      for (const [reach, some] of byReach) {
        const read = await ask(url, some, begin + minute * 60, reach);
        some.forEach(({ uid }, i) => found.get(uid)?.push({ minute: minute as number, ...read[i] }));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  found.forEach((evaluations) => evaluations.sort((a, b) => a.minute - b.minute));
  return found;
}

async function ask(
  url: string,
  alerts: Alert[],
  at: number,
  reach: number
): Promise<Array<Omit<Evaluation, 'minute'>>> {
  const datasource = { uid: provisionedSource.uid };
  const answer = await fetch(`${url}/api/ds/query`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', FromAlert: 'true' },
    body: JSON.stringify({
      from: String((at - reach) * 1000),
      to: String(at * 1000),
      queries: alerts.map((alert, i) => ({
        ...{ refId: `R${i}`, datasource, intervalMs: 1000, maxDataPoints: 43200 },
        ...alert.query((written) => written),
      })),
    }),
  });
  const { results } = (await answer.json()) as { results: Record<string, { error?: string; frames?: Frame[] }> };
  return alerts.map((_, i) => {
    const { error, frames = [] } = results[`R${i}`];
    return { readings: frames.flatMap(readingsOf), ...(error !== undefined && { error }) };
  });
}

/** Numbers of a frame of Grafana's kinds numeric-wide (a field each) and numeric-long (a row each, texts are labels). */
function readingsOf({ schema: { fields }, data: { values } }: Frame): Reading[] {
  const texts = fields.flatMap(({ type }, i) => (type === 'string' ? [i] : []));
  return fields.flatMap(({ type, labels = {} }, i) =>
    type !== 'number'
      ? []
      : values[i].map((value, row) => ({
          labels: {
            ...labels,
            ...Object.fromEntries(texts.map((t) => [(fields[t] as { name?: string }).name, values[t][row]])),
          },
          value: Number(value),
        }))
  );
}
