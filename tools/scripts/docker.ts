// Grafana, the plugin and the simulated cluster by Docker Compose.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

import { root } from './build.ts';
import { health } from './grafana.ts';

export interface Compose {
  url: string;
  /** Resolves when the containers are gone. */
  stop(): Promise<void>;
}

/** Starts docker-compose.yaml and waits until Grafana answers. Throws when there is no Docker, or it fails. */
export async function startCompose(port: number): Promise<Compose> {
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(
      'Docker with its Compose plugin was not found. Install it, or name an unpacked Grafana: GRAFANA_HOME=DIR npm run demo'
    );
  }
  const env = { ...process.env, GRAFANA_PORT: String(port) };
  if (process.platform !== 'linux') {
    // The containers' system.
    const target = process.arch === 'arm64' ? 'build:linuxARM64' : 'build:linux';
    if (spawnSync('go', ['tool', 'mage', target], { cwd: root, stdio: 'inherit' }).status !== 0) {
      throw new Error(`go tool mage ${target} failed: the containers need the executable for Linux`);
    }
  }
  const compose = async (...args: string[]) => {
    // In its own process group, because the terminal's Ctrl-C must not end `down`.
    const child = spawn('docker', ['compose', ...args], { cwd: root, env, stdio: 'inherit', detached: true });
    const [code] = await Promise.race([
      once(child, 'close'),
      once(child, 'error').then(([error]) => Promise.reject(error)),
    ]);
    if (code !== 0) {
      throw new Error(`docker compose ${args.join(' ')} failed`);
    }
  };
  const stop = () => compose('down', '--volumes');
  const url = `http://localhost:${port}`;
  try {
    await compose('up', '--build', '--detach', '--force-recreate');
    for (const end = Date.now() + 120_000; !(await health(url)); await new Promise((done) => setTimeout(done, 500))) {
      if (Date.now() > end) {
        throw new Error(`Grafana does not answer at ${url}: see docker compose logs grafana`);
      }
    }
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  return { url, stop };
}
