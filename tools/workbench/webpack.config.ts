// Bundles the workbench's page. All of @grafana/data, ui and runtime is in it,
// because the page hands these to the plugin as Grafana would. `--env grafana=13`
// takes those of Grafana 13, which are installed in a folder of their own: npm
// does not install React 18 and 19 side by side for packages that want one each.
// `--env development` takes React's development build, which warns.
import { createRequire } from 'node:module';
import path from 'node:path';

import CopyWebpackPlugin from 'copy-webpack-plugin';
import webpack, { type Configuration } from 'webpack';

import { type GrafanaVersion, pageFolder, pages } from './pages.ts';

const here = import.meta.dirname;
const root = path.join(here, '..', '..');

interface Env {
  grafana?: GrafanaVersion;
  development?: boolean;
}

const config = ({ grafana = '12', development }: Env): Configuration => {
  const packages = path.join(root, pages[grafana].packages);
  const require = createRequire(path.join(packages, 'package.json'));
  const ui = path.dirname(require.resolve('@grafana/ui/package.json'));
  return {
    mode: 'production',
    context: here,
    entry: './page/boot.ts',
    output: {
      path: path.join(root, pageFolder(grafana, development)),
      filename: 'page.js',
      chunkFilename: '[name].[contenthash].js',
      publicPath: '/',
      clean: true,
    },
    devtool: false,
    // Served to the same machine, so minimizing is not worth its time.
    optimization: { minimize: false, nodeEnv: development ? 'development' : 'production' },
    performance: false,
    cache: {
      type: 'filesystem',
      name: `workbench-${grafana}${development ? '-development' : ''}`,
      cacheDirectory: path.join(root, 'node_modules', '.cache', 'webpack'),
      buildDependencies: { config: [import.meta.filename] },
    },
    module: {
      rules: [
        {
          test: /\.tsx?$/,
          exclude: /node_modules/,
          use: {
            loader: 'swc-loader',
            options: {
              jsc: {
                target: 'es2022',
                parser: { syntax: 'typescript', tsx: true },
              },
            },
          },
        },
        // What the page imports is looked for beside the version's packages first.
        {
          include: path.join(here, 'page'),
          resolve: { modules: [path.join(packages, 'node_modules'), 'node_modules'] },
        },
        // @grafana/ui's modules import without file extensions here and there, and
        // take the default export of CommonJS packages as bundlers give it.
        { test: /\.m?js$/, type: 'javascript/auto', resolve: { fullySpecified: false } },
        { test: /\.css$/, use: ['style-loader', 'css-loader'] },
        { test: /\.(svg|png|ttf|woff2?)$/, type: 'asset/resource' },
      ],
    },
    resolve: {
      extensions: ['.tsx', '.ts', '.mjs', '.js'],
      alias: {
        // One emotion for the page, @grafana/ui and the plugin, as in Grafana:
        // class names of one instance mean nothing to another.
        '@emotion/css': path.dirname(require.resolve('@emotion/css/package.json', { paths: [ui] })),
        // One React, also for what is imported beside the version's packages.
        react: path.dirname(require.resolve('react/package.json')),
        'react-dom': path.dirname(require.resolve('react-dom/package.json')),
        // The editor without its 80 languages: a plugin registers its own.
        'monaco-editor$': path.join(here, 'page', 'grafana', 'monaco.ts'),
      },
    },
    plugins: [
      new webpack.DefinePlugin({ GRAFANA_VERSION: JSON.stringify(require('@grafana/data/package.json').version) }),
      // Without this @grafana/ui asks for fonts that only Grafana's own build has.
      new webpack.NormalModuleReplacementPlugin(/^\.\/fonts\.mjs$/, path.join(here, 'page', 'grafana', 'fonts.ts')),
      new CopyWebpackPlugin({
        patterns: [
          { from: 'page/index.html' },
          // Where @grafana/ui looks for its icons.
          { from: path.join(ui, 'dist', 'public', 'img'), to: 'public/build/img' },
          // Two of the icons that Grafana's own build adds, redrawn.
          { from: 'page/icons', to: 'public/build/img/icons' },
        ],
      }),
    ],
  };
};

export default config;
