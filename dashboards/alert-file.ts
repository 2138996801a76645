// The text of a provisioning file with alert rules.
import { stringify } from 'yaml';

import { type RuleOptions, ruleFile } from './rules.ts';

export const banner = '# Generated from the TypeScript in dashboards/ by `npm run generate`; do not edit.\n';

/** Returns the rules as YAML. */
export function alertText(options: RuleOptions): string {
  // Through JSON, which drops what only the builders need.
  return stringify(JSON.parse(JSON.stringify(ruleFile(options))), { lineWidth: 0 });
}
