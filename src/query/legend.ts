// Labels in a format of a legend.
import type { DataFrame } from '@grafana/data';

const OPEN = /\{\{\s*([\w.:-]*)$/;
/** What the field has before somebody writes a name. */
const PLACEHOLDER = 'label_name';

/** Returns the labels that complete what is typed between `{{` and the cursor; none where there is no `{{`. */
export function openAt(text: string, cursor: number, labels: string[]): string[] {
  const [, typed] = OPEN.exec(text.slice(0, cursor)) ?? [];
  if (typed === undefined || (labels.includes(typed) && /^\s*\}\}/.test(text.slice(cursor)))) {
    return [];
  }
  const whole = typed + (/^[\w.:-]*/.exec(text.slice(cursor))?.[0] ?? '');
  if (whole === PLACEHOLDER) {
    return labels;
  }
  const found = labels.filter((label) => label.toLowerCase().includes(typed.toLowerCase()));
  return [...found.filter((label) => label.startsWith(typed)), ...found.filter((label) => !label.startsWith(typed))];
}

/** Returns a text with a label in place of what is typed of it, and where the cursor is then: after its brackets. */
export function completedAt(text: string, cursor: number, label: string): { text: string; cursor: number } {
  const typed = OPEN.exec(text.slice(0, cursor))?.[1] ?? '';
  const head = `${text.slice(0, cursor - typed.length)}${label}}}`;
  return { text: head + text.slice(cursor).replace(/^[\w.:-]*\s*\}?\}?/, ''), cursor: head.length };
}

/** Returns the labels of a query's result, sorted. */
export function labelsOf(frames: DataFrame[] = [], refId: string): string[] {
  const labels = new Set<string>();
  for (const frame of frames.filter((one) => one.refId === refId)) {
    for (const field of frame.fields) {
      Object.keys(field.labels ?? {}).forEach((label) => labels.add(label));
    }
  }
  return [...labels].sort();
}
