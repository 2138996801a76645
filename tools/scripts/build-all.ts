// Builds the outdated parts of the plugin and of the workbench, with the pages of the browser tests.
import { prefillArtifact } from '../prefill/prefilled.ts';
import { workbenchArtifacts } from '../workbench/build.ts';
import { pageArtifacts } from '../workbench/pages.ts';
import { ensureBuilt, plugin } from './build.ts';

const tested = (['12', '12.3', '13'] as const).flatMap((version) => pageArtifacts(version, true));

ensureBuilt([...plugin, ...workbenchArtifacts, prefillArtifact, ...tested]);
