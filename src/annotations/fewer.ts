// Marks over a graph that are too many to draw: each is a line over the whole
// height, and hundreds hide the curves.
import type { AnnotationEvent } from '@grafana/data';

import { t } from '../i18n';

/** How many marks an annotation draws at most, beside regions. */
export const MOST_MARKS = 30;

/** How many events of an interval are told in full. */
const TOLD = 3;

/**
 * Returns the events, and where more than MOST_MARKS do not last, one mark for those of an interval, with their number. It stands
 * at the first of them; the intervals divide the time from the first to the last event.
 */
export function fewer(events: AnnotationEvent[]): AnnotationEvent[] {
  const marks = events.filter(({ isRegion }) => !isRegion);
  if (marks.length <= MOST_MARKS) {
    return events;
  }
  const times = marks.map(timeOf);
  const from = Math.min(...times);
  const width = (Math.max(...times) - from) / MOST_MARKS;
  const intervals = new Map<number, AnnotationEvent[]>();
  for (const mark of marks) {
    const interval = width > 0 ? Math.min(Math.floor((timeOf(mark) - from) / width), MOST_MARKS - 1) : 0;
    intervals.set(interval, [...(intervals.get(interval) ?? []), mark]);
  }
  return [...events.filter(({ isRegion }) => isRegion), ...[...intervals.values()].map(counted)];
}

const timeOf = ({ time = 0 }: AnnotationEvent) => time;

/** Returns one mark for several. */
function counted(marks: AnnotationEvent[]): AnnotationEvent {
  const inOrder = [...marks].sort((a, b) => timeOf(a) - timeOf(b));
  const [first] = inOrder;
  if (marks.length === 1) {
    return first;
  }
  const seconds = Math.ceil((timeOf(inOrder[inOrder.length - 1]) - timeOf(first)) / 1000);
  const told = inOrder.slice(0, TOLD).flatMap(({ title, text }) => [`<b>${title}</b>`, ...(text ? [text] : [])]);
  const rest = marks.length - TOLD;
  return {
    id: first.id,
    time: first.time,
    title: t('annotations.events.many', '{{number}} events within {{seconds}} s', { number: marks.length, seconds }),
    text: [...told, ...(rest > 0 ? [t('annotations.events.more', 'and {{number}} more', { number: rest })] : [])].join(
      '<br>'
    ),
    tags: first.tags?.filter((tag) => marks.every(({ tags }) => tags?.includes(tag))),
    color: marks.every(({ color }) => color === first.color) ? first.color : undefined,
  };
}
