// The names of headers for masters are keys of jsonData of their own, as Grafana's SDK reads them: httpHeaderName1, ...
import type { MesosOptions } from './types';

const NAME = /^httpHeaderName([1-9]\d{0,2})$/;

/** Returns the names of headers for masters by place, '' where there is none. */
export function headerNames(options: MesosOptions): string[] {
  const names: string[] = [];
  for (const [key, name] of Object.entries(options)) {
    const number = NAME.exec(key)?.[1];
    if (number && typeof name === 'string') {
      names[Number(number) - 1] = name;
    }
  }
  return Array.from(names, (name) => name ?? '');
}

/** Returns settings with these names of headers for masters. */
export function withHeaderNames(options: MesosOptions, names: string[]): MesosOptions {
  const others = Object.entries(options).filter(([key]) => !NAME.test(key));
  const named = names.flatMap((name, place) => (name === '' ? [] : [[`httpHeaderName${place + 1}`, name]]));
  return Object.fromEntries([...others, ...named]) as MesosOptions;
}
