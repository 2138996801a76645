// Reads annotation frames of the backend: the fields time, timeEnd, title, text,
// tags, id and color.
import type { AnnotationEvent, DataFrame } from '@grafana/data';

/** Returns an event per row. An event whose end is not known, or that does not last, has no timeEnd. */
export function eventsOf(frames: DataFrame[]): AnnotationEvent[] {
  return frames.flatMap((frame) => {
    const at = (name: string, row: number): unknown => frame.fields.find((field) => field.name === name)?.values[row];
    return Array.from({ length: frame.length }, (_, row) => row).flatMap((row) => {
      const time = at('time', row);
      if (typeof time !== 'number') {
        return [];
      }
      const timeEnd = at('timeEnd', row);
      const lasts = typeof timeEnd === 'number' && timeEnd > time;
      return [
        {
          id: text(at('id', row)) || undefined,
          time,
          ...(lasts && { timeEnd, isRegion: true }),
          title: text(at('title', row)),
          text: text(at('text', row)),
          tags: tags(at('tags', row)),
          color: text(at('color', row)) || undefined,
        },
      ];
    });
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function tags(value: unknown): string[] {
  const all = Array.isArray(value) ? value.map(String) : text(value).split(',');
  return all.map((tag) => tag.trim()).filter(Boolean);
}
