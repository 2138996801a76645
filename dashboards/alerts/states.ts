// What Grafana's scheduler makes of the numbers of a rule's query: for each set of labels inactive, pending, firing.
import type { Alert } from './alert.ts';
import { secondsOf } from './capacity.ts';
import type { Evaluation, Reading } from './course.ts';

export type State = 'inactive' | 'pending' | 'firing';

export interface Firing {
  minute: number;
  labels: Record<string, string>;
}

const RANK: State[] = ['inactive', 'pending', 'firing'];

/** Returns the state of each instance after each evaluation, as Grafana 12.4 decides it (pkg/services/ngalert/state/state.go). */
function* course(
  alert: Alert,
  evaluations: Evaluation[]
): Generator<{ minute: number; instances: Map<string, State> }> {
  const lasting = secondsOf(alert.for) / 60;
  /** Since when the condition holds, by labels. */
  let since = new Map<string, number>();
  for (const { minute, readings, error } of evaluations) {
    const unknown = error === undefined ? readings.length === 0 && alert.noData : alert.error;
    if (unknown === 'Alerting') {
      since.set('{}', since.get('{}') ?? minute);
    } else if (unknown === 'OK') {
      since = new Map();
    } else if (unknown !== 'KeepLast') {
      const holds = readings.filter((reading) => crosses(alert, reading)).map(({ labels }) => JSON.stringify(labels));
      since = new Map(holds.map((labels) => [labels, since.get(labels) ?? minute]));
    }
    yield {
      minute,
      instances: new Map(
        [...since].map(([labels, begin]) => [labels, minute - begin >= lasting ? 'firing' : 'pending'] as const)
      ),
    };
  }
}

function crosses({ fires }: Alert, { value }: Reading): boolean {
  return 'gt' in fires ? value > fires.gt : value < fires.lt;
}

/** Returns the rule's own state after each evaluation: the worst of its instances'. */
export function statesOf(alert: Alert, evaluations: Evaluation[]): Array<{ minute: number; state: State }> {
  return [...course(alert, evaluations)].map(({ minute, instances }) => ({
    minute,
    state: RANK[Math.max(0, ...[...instances.values()].map((state) => RANK.indexOf(state)))],
  }));
}

/** Returns every instance that fires, at every evaluation. */
export function firingsOf(alert: Alert, evaluations: Evaluation[]): Firing[] {
  return [...course(alert, evaluations)].flatMap(({ minute, instances }) =>
    [...instances]
      .filter(([, state]) => state === 'firing')
      .map(([labels]) => ({ minute, labels: JSON.parse(labels) as Record<string, string> }))
  );
}
