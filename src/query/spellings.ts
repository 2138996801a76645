// How Grafana's variables are written in texts.

/** Grafana's three spellings: $name, [[name:format]], ${name.path:format}. */
export const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

/** Returns the name in a spelling of a variable. */
export function nameInside(written: string): string {
  const [, plain, bracketed, , braced] = new RegExp(VARIABLE.source).exec(written) ?? [];
  return plain ?? bracketed ?? braced ?? written;
}
