// `npm run alerts`: writes the alert rules for your own data sources.
//
//   node dashboards/alerts.ts --datasources UID[,UID...] [--output FILE] [--runbook URL]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { alertText } from './alert-file.ts';

const usage = `npm run alerts -- --datasources UID[,UID...] [--output FILE] [--runbook URL]

  --datasources UIDS  UIDs of Mesos data sources, separated by commas; each gets a copy of every rule
  --output FILE       where to write the file (standard output)
  --runbook URL       where you publish docs/alerts.md, for the annotation runbook_url`;

/** What Grafana takes for a UID. */
const UID = /^[\w-]{1,40}$/;

function main(): void {
  const { values } = parseArgs({
    options: {
      datasources: { type: 'string' },
      output: { type: 'string' },
      runbook: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const sources = [...new Set((values.datasources ?? '').split(',').map((uid) => uid.trim()))];
  for (const uid of sources) {
    if (!UID.test(uid)) {
      throw new Error(
        `--datasources: "${uid}" is not a UID: write 1 to 40 letters, digits, - or _, separated by commas\n\n${usage}`
      );
    }
  }
  if (values.runbook !== undefined && !/^https?:\/\//.test(values.runbook)) {
    throw new Error(`--runbook: "${values.runbook}" is not an address: write https://...\n\n${usage}`);
  }
  const text = alertText({ sources, runbook: values.runbook });
  if (values.output === undefined) {
    process.stdout.write(text);
  } else {
    writeFileSync(values.output, text);
    console.log(`${values.output} has the alert rules of ${sources.join(', ')}`);
  }
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
