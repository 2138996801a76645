// Builds the plugin and the workbench, what is outdated of them.
import { workbenchArtifacts } from '../workbench/build.ts';
import { ensureBuilt, plugin } from './build.ts';

ensureBuilt([...plugin, ...workbenchArtifacts]);
