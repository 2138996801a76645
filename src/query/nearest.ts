// Which names may be meant by one that nothing has.

/** Returns the name that differs least, by at most a fifth of its letters. */
export function nearest(name: string, all: Iterable<string>): string | undefined {
  const most = Math.max(2, Math.floor(name.length / 5));
  let best: string | undefined;
  let least = most + 1;
  for (const other of all) {
    if (Math.abs(other.length - name.length) < least) {
      const distance = distanceOf(name, other);
      if (distance < least) {
        [best, least] = [other, distance];
      }
    }
  }
  return best;
}

/** Words that say what kind of label one is. */
const KINDS = ['attr', 'label', 'attributes', 'labels'];

const wordsOf = (name: string) => name.split(/[_.]/).filter((word) => word.length > 2 && !KINDS.includes(word));

/** Returns the names that may be meant, the likeliest first: the nearest one, those that hold it, and those with a word of it. */
export function nearestOf(name: string, all: string[], most = 3): string[] {
  const lower = name.toLowerCase();
  const known = all.map((other) => ({ other, letters: other.toLowerCase() }));
  const close = nearest(
    lower,
    known.map(({ letters }) => letters)
  );
  const found = [
    ...known.filter(({ letters }) => letters === close),
    ...(lower.length < 3 ? [] : known.filter(({ letters }) => letters.includes(lower))),
    ...known.filter(({ letters }) => wordsOf(letters).some((word) => wordsOf(lower).includes(word))),
  ].map(({ other }) => other);
  return [...new Set(found)].slice(0, most);
}

/** Returns how many letters are added, left out or replaced from one word to another (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
