// Display names of entities, resources and measures. A word that is not listed
// is written with a capital letter, so that the catalogue can grow without this
// file.
const WORDS: Record<string, string> = { cpus: 'CPU', gpus: 'GPU', memory: 'Memory', disk: 'Disk' };

/** Returns the display name: `quota_limit` -> `Quota limit`, `cpus` -> `CPU`. */
export function nameOf(word: string): string {
  const known = WORDS[word];
  if (known) {
    return known;
  }
  const text = word.replace(/_/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
