// Loads a built plugin's module.js. It is an AMD module that leaves to Grafana
// what Grafana shares with all plugins (.config/bundler/externals.ts); Grafana
// loads it with SystemJS, this page with a `define` of a few lines.
import type { DataSourcePlugin, DataSourcePluginMeta } from '@grafana/data';

import { shared } from './shared.ts';

type Define = ((dependencies: string[], factory: (...modules: unknown[]) => unknown) => void) & { amd: object };

declare global {
  interface Window {
    define?: Define;
  }
}

// Any data source, with queries and settings of any type.
export type AnyPlugin = DataSourcePlugin<any, any, any, any>;

/** Loads the module named in the settings' meta and returns its `plugin` export. */
export async function loadPlugin(meta: DataSourcePluginMeta): Promise<AnyPlugin> {
  const uri = `/${meta.module}`;
  const { dependencies, factory } = await defined(uri);
  const modules = await Promise.all(dependencies.map((name) => provide(name, uri)));
  // A module with a top-level await gives a promise.
  const exported = (await factory(...modules)) as { plugin?: AnyPlugin } | undefined;
  if (!exported?.plugin) {
    throw new Error(`${uri} exports no "plugin"`);
  }
  exported.plugin.meta = meta;
  return exported.plugin;
}

interface Defined {
  dependencies: string[];
  factory: (...modules: unknown[]) => unknown;
}

/** Runs the script and returns what it passed to `define`. */
function defined(uri: string): Promise<Defined> {
  return new Promise((resolve, reject) => {
    let found: Defined | undefined;
    const define = (dependencies: string[], factory: Defined['factory']) => {
      found = { dependencies, factory };
    };
    window.define = Object.assign(define, { amd: {} });
    const script = document.createElement('script');
    script.src = uri;
    script.onload = () => {
      delete window.define;
      return found ? resolve(found) : reject(new Error(`${uri} is not an AMD module`));
    };
    script.onerror = () => {
      delete window.define;
      reject(new Error(`${uri} could not be loaded: is the plugin built?`));
    };
    document.head.append(script);
  });
}

async function provide(name: string, uri: string): Promise<unknown> {
  if (name === 'module') {
    return { uri }; // Where the plugin's own chunks are.
  }
  if (!shared[name]) {
    throw new Error(`${uri} needs "${name}", which the workbench does not provide`);
  }
  return shared[name]();
}
