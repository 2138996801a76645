// The hostile-viewer suite (tools/hostile) as lines of the table.
import { attacks, DEADLINE } from '../hostile/attacks.ts';
import { INNOCENT } from '../hostile/innocent.ts';
import { BUDGET, run } from '../hostile/run.ts';
import { startStage } from '../hostile/stage.ts';
import { atMost, type Line, megabytes, milliseconds, seconds } from './lines.ts';

/** Sends all attacks to the built plugin. */
export async function hostile(): Promise<Line[]> {
  const stage = await startStage({ tell: () => undefined });
  try {
    const { results, innocent, peak, missed, polls, sameProcess } = await run(stage, attacks, () => undefined);
    const what = `${results.length} attacks of one viewer, six hours of history`;
    const ended = sameProcess ? '' : '; the process ended';
    return [
      atMost(`peak memory of the backend during ${what}`, peak, BUDGET.memory, megabytes, `${polls} polls${ended}`),
      atMost(
        'an instant query beside them, 95th percentile',
        innocent.slow,
        INNOCENT,
        milliseconds,
        `${innocent.count} queries`
      ),
      atMost('polls that failed or came late meanwhile', missed.length, 1, String, missed.slice(0, 3).join('; ')),
      ...results.map(({ attack, slowest, peak: most, innocent: { p95 }, problems, unknown }): Line => ({
        name: `attack: ${attack.name}`,
        value: `${seconds(slowest)}, ${megabytes(most)}, ${milliseconds(p95)} beside it`,
        budget: `< ${seconds(attack.deadline ?? DEADLINE)}, ${megabytes(BUDGET.memory)}, ${milliseconds(INNOCENT)}`,
        verdict: problems.length === 0 ? 'ok' : 'over',
        note: [...problems, ...(unknown === undefined ? [] : [unknown])].join('; '),
      })),
    ];
  } finally {
    await stage.stop();
  }
}
