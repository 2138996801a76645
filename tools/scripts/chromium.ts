// Finds a Chromium for the tests that need a browser: one that is named, one
// that is installed, Playwright's own, or the system's package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { chromium } from '@playwright/test';

/**
 * How to launch the browser. Chromium started by root needs --no-sandbox; the
 * other flags keep it from looking for services outside this machine.
 */
export const launchArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Returns the path of an installed Chromium, or undefined. The variable CHROMIUM may name one. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  if (named) {
    if (!existsSync(named)) {
      throw new Error(`CHROMIUM names ${named}, which does not exist`);
    }
    return named;
  }
  return (
    installed.find((path) => existsSync(path)) ??
    (existsSync(chromium.executablePath()) ? chromium.executablePath() : undefined)
  );
}

/**
 * Returns the path of a Chromium, and installs one if necessary: by Playwright's installer,
 * else by the system's package manager. Undefined when neither can.
 */
export function ensureChromium(): string | undefined {
  const found = findChromium();
  if (found) {
    return found;
  }
  const run = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: 'inherit' }).status === 0;
  console.log('No Chromium found: installing one ...');
  if (!run('npx', 'playwright', 'install', 'chromium') && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    run('apt-get', 'update', '-qq');
    run('apt-get', 'install', '-y', '-qq', 'chromium');
  }
  return findChromium();
}
