// The versions of Grafana whose packages the workbench can be drawn with.
import type { Artifact } from '../scripts/build.ts';

export interface Page {
  /** Folder whose node_modules has the @grafana packages and React, from the repository's root. */
  packages: string;
  /** Folder of the built page, from the repository's root. */
  folder: string;
}

export type GrafanaVersion = '12.3' | '12' | '13';

/** By Grafana's version: 12 (12.4) is what the plugin is built with, 12.3 the oldest that it promises, 13 the newest. */
export const pages: Record<GrafanaVersion, Page> = {
  '12.3': { packages: 'tools/workbench/grafana-12.3', folder: 'tools/workbench/dist/page-12.3' },
  '12': { packages: 'tools', folder: 'tools/workbench/dist/page' },
  '13': { packages: 'tools/workbench/grafana-13', folder: 'tools/workbench/dist/page-13' },
};

export function isGrafanaVersion(version: string): version is GrafanaVersion {
  return version in pages;
}

/** The packages of a version in a folder of its own, of which npm installs those of its lock file. */
function packagesOf(version: GrafanaVersion): Artifact {
  const { packages } = pages[version];
  return {
    name: `packages of Grafana ${version} (npm)`,
    inputs: [`${packages}/package-lock.json`],
    outputs: [`${packages}/node_modules/.package-lock.json`],
    command: ['npm', 'ci', '--prefix', packages, '--no-audit', '--no-fund', '--loglevel=error'],
  };
}

/** The packages of Grafana 13, with which jest runs, too. */
export const grafana13 = packagesOf('13');

/** Returns the folder of a version's page: another one for React's development build. */
export function pageFolder(version: GrafanaVersion, development = false): string {
  return `${pages[version].folder}${development ? '-development' : ''}`;
}

/**
 * Returns what the page with a version's packages is built from, in order. React's development build writes warnings to the
 * console, and is slower.
 */
export function pageArtifacts(version: GrafanaVersion, development = false): Artifact[] {
  const { packages } = pages[version];
  const folder = pageFolder(version, development);
  const page = {
    name: `workbench's page for Grafana ${version}${development ? ', development' : ''} (webpack)`,
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
      ...(development ? ['--env', 'development'] : []),
    ],
  };
  return version === '12' ? [page] : [packagesOf(version), page];
}
