// What is drawn over graphs: the events of annotations, from a dashboard's
// annotation queries or from the frames of a panel's own queries.
import type { AnnotationEvent, DataFrame, DataTopic } from '@grafana/data';

/** An event, with its color as Grafana's themes name it. */
export type Mark = AnnotationEvent & { time: number };

// The enum itself would load Grafana's packages, which need a browser.
const ofMarks: `${DataTopic}` = 'annotations';

/** Grafana keeps frames of annotations apart from the series of a panel. */
export function isOfMarks(frame: Pick<DataFrame, 'meta'>): boolean {
  return frame.meta?.dataTopic === ofMarks;
}

type Frame = Pick<DataFrame, 'length'> & { fields: Array<{ name: string; values: unknown[] }> };

const keys = ['id', 'time', 'timeEnd', 'title', 'text', 'tags', 'color'] as const;

/** Returns a mark per row of frames with the fields time, timeEnd, title, text, tags, color; a row without a time is none. */
export function marksOf(frames: Frame[]): Mark[] {
  return frames.flatMap((frame) => {
    const columns = keys.map((key) => [key, frame.fields.find(({ name }) => name === key)?.values] as const);
    return Array.from({ length: frame.length }, (_, row): AnnotationEvent => {
      const cells = columns.map(([key, values]) => [key, values?.[row] ?? undefined]);
      return Object.fromEntries(cells);
    }).filter(isMark);
  });
}

export function isMark(event: AnnotationEvent): event is Mark {
  return typeof event.time === 'number';
}

/** Returns when a mark ends: at its beginning, if it does not last. */
export const endOf = ({ time, timeEnd }: Mark): number => Math.max(time, timeEnd ?? time);
