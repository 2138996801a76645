// Builds the outdated parts of the plugin and of the workbench.
import { workbenchArtifacts } from '../workbench/build.ts';
import { ensureBuilt, plugin } from './build.ts';

ensureBuilt([...plugin, ...workbenchArtifacts]);
