// The artifacts of the workbench: its page and its host.
import { type Artifact } from '../scripts/build.ts';

/** The host's executable, from the repository's root. */
export const hostExecutable = `tools/workbench/dist/host${process.platform === 'win32' ? '.exe' : ''}`;

/** The folder of the built page, from the repository's root. */
export const pageFolder = 'tools/workbench/dist/page';

export const workbenchArtifacts: Artifact[] = [
  {
    name: "workbench's page (webpack)",
    inputs: ['tools/workbench/page', 'tools/workbench/webpack.config.ts', 'package-lock.json'],
    outputs: [`${pageFolder}/page.js`, `${pageFolder}/index.html`],
    command: ['npx', 'webpack', '-c', './tools/workbench/webpack.config.ts', '--stats', 'errors-warnings'],
  },
  {
    name: "workbench's host (go)",
    inputs: ['tools/workbench/host', 'go.mod', 'go.sum'],
    outputs: [hostExecutable],
    command: ['go', 'build', '-o', hostExecutable, './tools/workbench/host'],
  },
];
