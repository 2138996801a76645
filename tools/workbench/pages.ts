// The versions of Grafana whose packages the workbench can be drawn with.
import type { Artifact } from '../scripts/build.ts';

export interface Page {
  /** Folder whose node_modules has the @grafana packages and React, from the repository's root. */
  packages: string;
  /** Folder of the built page, from the repository's root. */
  folder: string;
}

export type GrafanaVersion = '12' | '13';

/** By Grafana's major version: 12 is what the plugin is built with, and what it imports first. */
export const pages: Record<GrafanaVersion, Page> = {
  '12': { packages: 'tools', folder: 'tools/workbench/dist/page' },
  '13': { packages: 'tools/workbench/grafana-13', folder: 'tools/workbench/dist/page-13' },
};

export function isGrafanaVersion(version: string): version is GrafanaVersion {
  return version in pages;
}

const { packages } = pages['13'];

/** The packages of Grafana 13, of which npm installs those of its lock file. */
export const grafana13: Artifact = {
  name: 'packages of Grafana 13 (npm)',
  inputs: [`${packages}/package-lock.json`],
  outputs: [`${packages}/node_modules/.package-lock.json`],
  command: ['npm', 'ci', '--prefix', packages, '--no-audit', '--no-fund', '--loglevel=error'],
};

/** What the page with a version's packages is built from, in order. */
export function pageArtifacts(version: GrafanaVersion): Artifact[] {
  const { packages, folder } = pages[version];
  const page = {
    name: `workbench's page for Grafana ${version} (webpack)`,
    inputs: [
      'tools/workbench/page',
      'tools/workbench/webpack.config.ts',
      'package-lock.json',
      `${packages}/package.json`,
    ],
    outputs: [`${folder}/page.js`, `${folder}/index.html`],
    command: [
      'npx',
      'webpack',
      '-c',
      './tools/workbench/webpack.config.ts',
      '--stats',
      'errors-warnings',
      '--env',
      `grafana=${version}`,
    ],
  };
  return version === '13' ? [grafana13, page] : [page];
}
