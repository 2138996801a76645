// Keeps the frontend's texts, src/locales: one file per language, with a key for each text of the code.
//
//   node tools/scripts/translations.ts           writes the files: English is what the code has; a text of another language
//                                                is kept while the English one stays as it is, else it becomes empty
//   node tools/scripts/translations.ts --check   exit 1 if a file has not the keys, or English not the texts, of the code
import path from 'node:path';

import { type I18nextToolkitConfig, runExtractor } from 'i18next-cli';

import plugin from '../../src/plugin.json' with { type: 'json' };

const root = path.join(import.meta.dirname, '..', '..');

const config: I18nextToolkitConfig = {
  // The first one is that of the code.
  locales: plugin.languages,
  extract: {
    input: [path.join(root, 'src/**/*.{ts,tsx}')],
    ignore: [path.join(root, 'src/**/*.test.{ts,tsx}')],
    output: path.join(root, 'src/locales/{{language}}/{{namespace}}.json'),
    defaultNS: plugin.id,
    functions: ['t'],
    transComponents: ['Trans'],
    extractFromComments: false,
    defaultValue: '',
    warnOnConflicts: 'error',
  },
};

/** Writes the files, or with check only compares them. Returns the paths of those that were or would be changed. */
export async function extractTexts({ check }: { check: boolean }): Promise<string[]> {
  const { results, hasErrors } = await runExtractor(config, {
    isDryRun: check,
    syncPrimaryWithDefaults: true,
    syncAll: true,
    quiet: true,
  });
  if (hasErrors) {
    throw new Error('A file of src could not be read for its texts.');
  }
  return results.filter(({ updated }) => updated).map((result) => path.relative(root, result.path));
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const changed = await extractTexts({ check });
  if (check && changed.length > 0) {
    console.error(`${changed.join(' and ')} differ from the texts of src: run node tools/scripts/translations.ts`);
    process.exitCode = 1;
  }
}
