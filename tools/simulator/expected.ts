/**
 * The numbers that graphs must show now, read from the responses of a (replayed) master. It shares no code with the plugin,
 * so it does not repeat the plugin's mistakes.
 *
 *   node tools/simulator/expected.ts http://localhost:5050
 */

/** The framework's part of /state that counts here (Framework in src/master/http.cpp). */
interface StateFramework {
  name: string;
  used_resources: Record<string, number | string>;
}

/** Resources of the whole cluster: cpus and gpus as counts, memory and disk in bytes. */
export interface Resources {
  cpus: number;
  gpus: number;
  memory: number;
  disk: number;
}

export interface Totals {
  capacity: Resources;
  allocated: Resources;
}

/** Mesos writes "MB" and means MiB. */
const MIB = 1024 * 1024;

/**
 * CPUs allocated to each framework, by name; frameworks of equal name are summed. Frameworks that ended are not included.
 * `master`: base URL; `headers`: for a master that requires credentials. Throws when it does not answer 200.
 */
export async function cpusByFramework(
  master: string,
  headers: Record<string, string> = {}
): Promise<Record<string, number>> {
  return cpusByFrameworkOf(await getJSON(`${master}/state`, headers));
}

/** The same, from a given response of /state. */
export function cpusByFrameworkOf(answer: unknown): Record<string, number> {
  const state = answer as { frameworks: StateFramework[] };
  const cpus: Record<string, number> = {};
  for (const framework of state.frameworks) {
    cpus[framework.name] = (cpus[framework.name] ?? 0) + Number(framework.used_resources.cpus);
  }
  return cpus;
}

/** The cluster's capacity and what of it is allocated, as the leading master counts them. */
export async function masterTotals(master: string, headers: Record<string, string> = {}): Promise<Totals> {
  const metrics = (await getJSON(`${master}/metrics/snapshot`, headers)) as Record<string, number>;
  const read = (what: 'total' | 'used'): Resources => ({
    cpus: metrics[`master/cpus_${what}`],
    gpus: metrics[`master/gpus_${what}`],
    memory: metrics[`master/mem_${what}`] * MIB,
    disk: metrics[`master/disk_${what}`] * MIB,
  });
  return { capacity: read('total'), allocated: read('used') };
}

async function getJSON(url: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { headers });
  if (response.status !== 200) {
    throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  }
  return response.json();
}

if (import.meta.main) {
  const master = process.argv[2] ?? 'http://localhost:5050';
  console.log(
    JSON.stringify({ cpusByFramework: await cpusByFramework(master), ...(await masterTotals(master)) }, null, 2)
  );
}
