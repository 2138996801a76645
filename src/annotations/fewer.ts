// Marks over a graph that are too many to draw: each is a line over the whole
// height, and hundreds hide the curves.
import type { AnnotationEvent } from '@grafana/data';
import { groupBy, sortBy } from 'lodash';

import { t } from '../i18n';

/** How many marks an annotation draws at most, beside regions. */
export const MOST_MARKS = 30;

/** Into how many intervals more than that are divided: of marks that come all the time, more would hide the curves again. */
const INTERVALS = 12;

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
  const inOrder = sortBy(marks, timeOf);
  const from = timeOf(inOrder[0]);
  const width = (timeOf(inOrder[inOrder.length - 1]) - from) / INTERVALS;
  const intervals = groupBy(inOrder, (mark) =>
    width > 0 ? Math.min(Math.floor((timeOf(mark) - from) / width), INTERVALS - 1) : 0
  );
  return [...events.filter(({ isRegion }) => isRegion), ...Object.values(intervals).map(counted)];
}

const timeOf = ({ time = 0 }: AnnotationEvent) => time;

/** Returns one mark for several, which are in order. */
function counted(marks: AnnotationEvent[]): AnnotationEvent {
  const [first] = marks;
  if (marks.length === 1) {
    return first;
  }
  const seconds = Math.ceil((timeOf(marks[marks.length - 1]) - timeOf(first)) / 1000);
  const told = marks.slice(0, TOLD).flatMap(({ title, text }) => [`<b>${title}</b>`, ...(text ? [text] : [])]);
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
