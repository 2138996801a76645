// Reads of Markdown files what the checks of the documentation need: headings,
// links and blocks of code, as GitHub shows them.

export interface Link {
  line: number;
  target: string;
}

export interface CodeBlock {
  line: number;
  /** Behind the fence: sh, json, ... or an empty text. */
  language: string;
  text: string;
}

export interface Page {
  /** The ids that headings and `<a id>` have, without #. */
  anchors: Set<string>;
  links: Link[];
  blocks: CodeBlock[];
}

/** Returns the id that GitHub gives a heading: its text in lower case, without punctuation, with hyphens for spaces. */
export function anchorOf(heading: string): string {
  const text = heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`/g, '')
    .replace(/(^|[^\p{L}\p{N}])_([^_]+)_(?![\p{L}\p{N}])/gu, '$1$2')
    .replace(/\*/g, '');
  return text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Returns what is in a Markdown file. */
export function readMarkdown(text: string): Page {
  const page: Page = { anchors: new Set(), links: [], blocks: [] };
  const times = new Map<string, number>();
  const anchor = (heading: string) => {
    const id = anchorOf(heading);
    const before = times.get(id) ?? 0;
    times.set(id, before + 1);
    page.anchors.add(before === 0 ? id : `${id}-${before}`);
  };
  let block: { fence: string; block: CodeBlock } | undefined;
  let comment = false;
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1;
    const fence = /^\s*(```+|~~~+)\s*(\S*)/.exec(whole);
    if (block) {
      if (fence && fence[1].startsWith(block.fence) && fence[2] === '') {
        block = undefined;
      } else {
        block.block.text += `${whole}\n`;
      }
      continue;
    }
    if (fence) {
      block = { fence: fence[1], block: { line, language: fence[2], text: '' } };
      page.blocks.push(block.block);
      continue;
    }
    let prose = whole.replace(/<!--.*?-->/g, '');
    if (comment) {
      const end = prose.indexOf('-->');
      comment = end < 0;
      prose = comment ? '' : prose.slice(end + 3);
    }
    const begin = prose.indexOf('<!--');
    if (begin >= 0) {
      comment = true;
      prose = prose.slice(0, begin);
    }
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(prose);
    if (heading) {
      anchor(heading[1]);
    }
    // Links in code are shown as they are written.
    const linked = prose.replace(/(`+)(?:(?!\1).)+\1/g, (code) => '`'.repeat(code.length));
    for (const [, id] of linked.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) {
      page.anchors.add(id);
    }
    for (const found of [
      ...linked.matchAll(/\]\(\s*<?([^)\s>]*)>?(?:\s+"[^"]*")?\s*\)/g),
      ...linked.matchAll(/<(?:a|img)\s[^>]*?(?:href|src)="([^"]*)"/g),
      ...linked.matchAll(/<(https?:[^>\s]+)>/g),
      ...linked.matchAll(/^\s*\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)/g),
    ]) {
      page.links.push({ line, target: found[1] });
    }
  }
  if (block) {
    throw new Error(`line ${block.block.line}: a block of code is not closed`);
  }
  return page;
}
