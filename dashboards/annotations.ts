// What is drawn over all graphs of a dashboard: events of the event log, in one
// color each, which readers switch on and off in the controls of the dashboard.
import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

import type { EventsQuery } from '../src/query/types.gen.ts';
import { by, datasource, type Label } from './query.ts';

type Events = Omit<EventsQuery, 'refId' | 'datasource' | 'queryType'>;

function annotation(name: string, iconColor: string, events: Events, enable = true): AnnotationQueryBuilder {
  const target = { refId: 'Anno', queryType: 'events', format: 'annotations', ...events };
  // The SDK knows only the target of Grafana's own annotations.
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(enable)
    .iconColor(iconColor)
    .target({ build: () => target as never });
}

/** Failed tasks, with what their limit is: others are not marked. */
export const FAILED = 'Failed tasks (newest 1,000)';

/** Returns the annotations; failed tasks are of what the variables choose. */
export const annotations = (chosen: Label[], failures: boolean): AnnotationQueryBuilder[] => [
  annotation('New leader', 'purple', { kinds: ['master'] }),
  annotation('Agents lost or draining', 'orange', { kinds: ['agent'], severity: 'warning' }),
  annotation('Frameworks disconnected', 'yellow', { kinds: ['framework'], severity: 'warning' }),
  annotation('Maintenance', 'blue', { kinds: ['maintenance'] }),
  annotation('Not watched', 'gray', { kinds: ['collection'] }),
  // In a bad hour these are more than a graph can show: then a mark counts those of an interval (src/annotations/fewer.ts).
  annotation(FAILED, 'red', { kinds: ['task'], severity: 'error', filters: by(...chosen), limit: 1000 }, failures),
];
