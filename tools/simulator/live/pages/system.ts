/**
 * /system/stats.json of masters and agents: what their /metrics/snapshot says of the machine, under other names.
 */
import { double } from '../../generate/json.ts';

const DOUBLES = { avg_load_15min: 'load_15min', avg_load_1min: 'load_1min', avg_load_5min: 'load_5min' };
const INTEGERS = { cpus_total: 'cpus_total', mem_free_bytes: 'mem_free_bytes', mem_total_bytes: 'mem_total_bytes' };

/** `metrics`: of the same host at the same moment. */
export function systemText(metrics: Record<string, number>): string {
  const of = (names: Record<string, string>, written: (value: number) => string) =>
    Object.entries(names).map(([name, key]) => `"${name}":${written(metrics[`system/${key}`])}`);
  return `{${[...of(DOUBLES, double), ...of(INTEGERS, (value) => String(Math.round(value)))].join(',')}}`;
}
