/**
 * JSON read with its numbers as they were written, and written as an older version of Mesos writes it.
 */
import type { Shape } from './shapes.ts';

/** A number, and whether it was written with a point. */
export class Figure {
  readonly value: number;
  readonly double: boolean;

  constructor(value: number, double: boolean) {
    this.value = value;
    this.double = double;
  }
}

/** A double, as Mesos has nearly all numbers. */
export const double = (value: number) => new Figure(value, true);

export type Value = null | string | boolean | Figure | Value[] | { [key: string]: Value };

export type Fields = { [key: string]: Value };

export function parse(text: string): Value {
  const reviver = (_: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' ? new Figure(value, /[.eE]/.test(source ?? '')) : value;
  return JSON.parse(text, reviver as (this: unknown, key: string, value: unknown) => unknown) as Value;
}

/** Significant digits of a double (std::numeric_limits<double>::digits10). */
const DIGITS = 15;

export function write(value: Value, shape: Shape): string {
  if (value instanceof Figure) {
    return figure(value, shape);
  }
  if (Array.isArray(value)) {
    return `[${value.map((one) => write(one, shape)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, one]) => `${quoted(key)}:${write(one, shape)}`);
    return `{${fields.join(',')}}`;
  }
  return typeof value === 'string' ? quoted(value) : String(value);
}

function figure({ value, double }: Figure, { wholeDoubles }: Shape): string {
  const text = String(Number(value.toPrecision(DIGITS)));
  return double && wholeDoubles === 'points' && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** With escaped slashes, as stout wrote them until it took RapidJSON (1.8). */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('/', '\\/');
}
