// Builds the outdated parts of the plugin and of the workbench, with its page for either Grafana.
import { workbenchArtifacts } from '../workbench/build.ts';
import { pageArtifacts } from '../workbench/pages.ts';
import { ensureBuilt, plugin } from './build.ts';

ensureBuilt([...plugin, ...workbenchArtifacts, ...pageArtifacts('13')]);
