/**
 * How protobuf messages of the operator API are written as JSON: ids are objects, moments whole nanoseconds, and a list with
 * nothing in it is left out.
 */

export function id(value: string): string {
  return `{"value":${JSON.stringify(value)}}`;
}

/** A moment in Unix seconds, known to the microsecond; nanoseconds are beyond what a double holds. */
export function nanoseconds(at: number): string {
  const micros = Math.round(at * 1e6);
  return `{"nanoseconds":${micros === 0 ? '0' : `${micros}000`}}`;
}

/** A field that is a list, with a comma before it. */
export function list(name: string, texts: string[]): string {
  return texts.length === 0 ? '' : `,"${name}":[${texts.join(',')}]`;
}
