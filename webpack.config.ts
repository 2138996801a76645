// The plugin's bundle: create-plugin's configuration, with what this project
// does otherwise.
import path from 'node:path';

import type { Configuration } from 'webpack';
import { merge } from 'webpack-merge';

import grafanaConfig, { type Env } from './.config/webpack/webpack.config.ts';

const config = async (env: Env): Promise<Configuration> => {
  const base = await grafanaConfig(env);
  return merge(base, {
    // What is installed is built of nothing but its source: the cache knows files by name, and gave old ones.
    ...(env.production && { cache: false }),
    // The budget of module.js, and of each chunk: beyond it the build fails.
    performance: { hints: env.production ? 'error' : false, maxAssetSize: 300_000, maxEntrypointSize: 300_000 },
    resolve: {
      // Packages that ship .mjs import each other by it.
      extensions: ['.mjs'],
      // Prometheus' word lists need one function of it (src/query/promql/snippet.ts).
      alias: { '@codemirror/autocomplete': path.resolve('src/query/promql/snippet.ts') },
    },
  });
};

export default config;
