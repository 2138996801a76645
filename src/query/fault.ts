// Which field of a builder a message of the backend is about.

import type { PanelData } from '@grafana/data';

export interface Fault {
  /** The key of the query: groupBy, filters, ... */
  key: string;
  /** The position in a list. */
  at?: number;
  /** The member of an object: memory of shape, label of a filter. */
  part?: string;
  text: string;
}

/** Returns the key that a message begins with, as in `filters[0].value: "(" is not a valid regular expression`. */
export function faultOf(error?: string): Fault | undefined {
  const found = /^([a-z]\w*)(?:\[(\d+)\])?(?:\.(\w+))?[\w.[\]]*: (.+)$/s.exec(error ?? '');
  if (!found) {
    return undefined;
  }
  const [, key, at, part, text] = found;
  return { key, ...(at && { at: Number(at) }), ...(part && { part }), text };
}

/** Returns why a query was not answered. */
export function errorOf(data: PanelData | undefined, refId: string): string | undefined {
  const errors = data?.errors ?? (data?.error ? [data.error] : []);
  const error = errors.find((one) => (one.refId ?? refId) === refId);
  return error?.data?.message ?? error?.message;
}

/**
 * Returns a message with its subject: the backend writes the key before it, `top: must be a whole number`, and a field shows
 * the rest alone.
 */
export function withSubject(text: string, subject: string): string {
  return /^(is|are|has|must|names|needs)\s/.test(text) ? `${subject} ${text}` : text;
}

/** Returns the properties of a field that a fault is about. */
export function marksOf(fault: Fault | undefined, key: string): { invalid?: true; error?: string } {
  return fault?.key === key ? { invalid: true, error: fault.text } : {};
}

/** Reports whether a message of the backend is shown at one of these fields. */
export function isAtField(error: string | undefined, keys: readonly string[]): boolean {
  const fault = faultOf(error);
  return fault !== undefined && keys.includes(fault.key);
}
