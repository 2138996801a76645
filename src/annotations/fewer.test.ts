import type { AnnotationEvent } from '@grafana/data';

import { fewer, MOST_MARKS } from './fewer';

const failed = (second: number): AnnotationEvent => ({
  id: `e${second}`,
  time: second * 1000,
  title: `Task t${second} failed`,
  text: second % 2 ? '' : 'Reason: x',
  tags: ['task', `t${second}`],
  color: 'red',
});

const region: AnnotationEvent = { time: 5000, timeEnd: 9000, isRegion: true, title: 'Agent a1 draining', text: '' };

const seconds = (count: number) => Array.from({ length: count }, (_, i) => failed(i));

it('leaves marks as they are that can be drawn, however many regions there are', () => {
  const events = [...seconds(MOST_MARKS), ...Array.from({ length: 100 }, () => region)];
  expect(fewer(events)).toBe(events);
});

it('counts marks by interval where they are too many, and keeps regions', () => {
  const events = [region, ...seconds(300).reverse()];
  const [kept, ...marks] = fewer(events);
  expect(kept).toBe(region);
  expect(marks).toHaveLength(12);
  const numbers = marks.map(({ title }) => Number(/^(\d+) events within \d+ s$/.exec(title ?? '')?.[1]));
  expect(numbers.reduce((all, one) => all + one, 0)).toBe(300);
  expect(marks[0]).toEqual({
    id: 'e0',
    time: 0,
    title: '25 events within 24 s',
    text: '<b>Task t0 failed</b><br>Reason: x<br><b>Task t1 failed</b><br><b>Task t2 failed</b><br>Reason: x<br>and 22 more',
    tags: ['task'],
    color: 'red',
  });
});

it('leaves a mark as it is that is alone in its interval', () => {
  const alone = { ...failed(1000), color: 'orange' };
  const marks = fewer([alone, ...seconds(40)]);
  expect(marks.map(({ title }) => title)).toEqual(['40 events within 39 s', alone.title]);
  expect(marks[1]).toBe(alone);
});

it('is one mark where all are at one moment, without a color where they have several', () => {
  const marks = fewer([...Array.from({ length: 40 }, () => failed(7)), { ...failed(7), color: 'blue' }]);
  expect(marks).toMatchObject([{ time: 7000, title: '41 events within 0 s', color: undefined }]);
});
