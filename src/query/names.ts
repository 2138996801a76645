// Names of entities, resources and measures for people. A word nobody listed
// here is still readable: the catalogue may grow without this file.
const WORDS: Record<string, string> = { cpus: 'CPU', gpus: 'GPU', memory: 'Memory', disk: 'Disk' };

/** `quota_limit` -> `Quota limit`, `cpus` -> `CPU`. */
export function nameOf(word: string): string {
  const known = WORDS[word];
  if (known) {
    return known;
  }
  const text = word.replace(/_/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
