// What a generated master was asked for, as it counted itself.
import type { Generated } from '../processes.ts';

export interface Total {
  requests: number;
  /** Of bodies, as sent. */
  bytes: number;
}

interface Counts {
  requests: Record<string, number>;
  bytes: Record<string, number>;
}

export function trafficOf({ control }: Pick<Generated, 'control'>) {
  const call = async (method: string) => (await fetch(`${control}/traffic`, { method })).json() as Promise<Counts>;
  const sum = (of: Record<string, number>) => Object.values(of).reduce((all, n) => all + n, 0);
  return {
    /** By page. */
    requests: async () => (await call('GET')).requests,
    async total(): Promise<Total> {
      const { requests, bytes } = await call('GET');
      return { requests: sum(requests), bytes: sum(bytes) };
    },
    /** Begins to count again. */
    async forget() {
      await call('DELETE');
    },
  };
}
