// The artifacts of the workbench as people start it: its page and its host.
import type { Artifact } from '../scripts/build.ts';
import { pageArtifacts } from './pages.ts';

/** The host's executable, from the repository's root. */
export const hostExecutable = `tools/workbench/dist/host${process.platform === 'win32' ? '.exe' : ''}`;

export const hostArtifact: Artifact = {
  name: "workbench's host (go)",
  inputs: ['tools/workbench/host', 'go.mod', 'go.sum'],
  outputs: [hostExecutable],
  command: ['go', 'build', '-o', hostExecutable, './tools/workbench/host'],
};

export const workbenchArtifacts: Artifact[] = [...pageArtifacts('12'), hostArtifact];
