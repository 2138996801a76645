/**
 * JSON as Mesos writes it: no spaces, and every double with a point (3rdparty/stout/include/stout/json.hpp).
 */
import type { Amount } from './cluster.ts';

export function double(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** An object of doubles. */
export function doubles(values: Record<string, number>): string {
  const fields = Object.entries(values).map(([name, value]) => `${JSON.stringify(name)}:${double(value)}`);
  return `{${fields.join(',')}}`;
}

/** Resources in the order of Mesos' model (src/common/http.cpp), with a range of ports where there are any. */
export function resources(amount: Amount, ports = ''): string {
  const range = ports && `,"ports":"${ports}"`;
  return `{"disk":${double(amount.disk)},"mem":${double(amount.mem)},"gpus":0.0,"cpus":${double(amount.cpus)}${range}}`;
}
