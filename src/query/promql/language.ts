// PromQL for Monaco: colors, brackets, completion and hover help, registered once per page.
// The language id `promql` belongs to Grafana's Prometheus plugin.
import type { Monaco, monacoTypes } from '@grafana/ui';

import type { MesosResources } from '../../resources';
import { complete, type Completion, type CompletionKind } from './complete';
import { hoverAt } from './hover';
import { situationAt } from './situation';
import { AGGREGATIONS, GROUPING, MATCHING } from './words';

export const LANGUAGE_ID = 'mesos-promql';

const AGGREGATORS = AGGREGATIONS.map(({ word }) => word);
const KEYWORDS = [
  ...GROUPING,
  ...MATCHING,
  { word: 'offset' },
  { word: 'and' },
  { word: 'or' },
  { word: 'unless' },
].map(({ word }) => word);

const tokens: monacoTypes.languages.IMonarchLanguage = {
  ignoreCase: false,
  aggregators: AGGREGATORS,
  keywords: KEYWORDS,
  tokenizer: {
    root: [
      [/#.*$/, 'comment'],
      { include: '@variables' },
      [/\{/, { token: 'delimiter.curly', next: '@labels' }],
      [/[a-zA-Z_:][\w:]*(?=\s*\()/, { cases: { '@keywords': 'keyword', '@default': 'type' } }],
      [/[a-zA-Z_:][\w:]*/, { cases: { '@keywords': 'keyword', '@aggregators': 'type', '@default': 'identifier' } }],
      { include: '@values' },
      [/[()[\]]/, '@brackets'],
      [/[-+*/%^<>=!@]+/, 'operator'],
    ],
    variables: [[/\$\w+|\$\{[^}]*\}|\[\[\w+(:\w+)?\]\]/, 'variable']],
    labels: [
      { include: '@variables' },
      [/\}/, { token: 'delimiter.curly', next: '@pop' }],
      // Labels: what Monaco colors a tag with cannot be read on white.
      [/[a-zA-Z_]\w*(?=\s*(=|!))/, 'number'],
      [/=~|!~|!=|=|,/, 'delimiter'],
      { include: '@values' },
    ],
    values: [
      [/"([^"\\]|\\.)*"?/, 'string'],
      [/'([^'\\]|\\.)*'?/, 'string'],
      [/`[^`]*`?/, 'string'],
      [/(\d+(ms|[smhdwy]))+/, 'number'],
      [/0x[0-9a-fA-F]+|(\d*\.)?\d+([eE][-+]?\d+)?/, 'number'],
    ],
  },
};

const configuration: monacoTypes.languages.LanguageConfiguration = {
  // A macro is one word, so that $__in completes.
  wordPattern: /\$?[\w:]+/,
  comments: { lineComment: '#' },
  brackets: [
    ['{', '}'],
    ['[', ']'],
    ['(', ')'],
  ],
  autoClosingPairs: [
    { open: '{', close: '}' },
    { open: '[', close: ']' },
    { open: '(', close: ')' },
    { open: '"', close: '"' },
    { open: "'", close: "'" },
  ],
};

/** Registers the language, unless it is registered. */
export function registerLanguage(monaco: Monaco): void {
  if (monaco.languages.getLanguages().some(({ id }) => id === LANGUAGE_ID)) {
    return;
  }
  monaco.languages.register({ id: LANGUAGE_ID });
  monaco.languages.setMonarchTokensProvider(LANGUAGE_ID, tokens);
  monaco.languages.setLanguageConfiguration(LANGUAGE_ID, configuration);
}

/** What is known of the text of one editor. */
export interface Box {
  resources: MesosResources;
  /** The dashboard's variables, as `$name`. */
  variables: () => string[];
  /** Returns the current value of a variable. */
  valueOf: (written: string) => string | undefined;
}

// Monaco has one list of providers per language, for all editors of the page. They are registered with the first editor
// and end with the last one; each text has its box.
const boxes = new Map<string, Box>();
let providers: monacoTypes.IDisposable[] = [];

/** Completes and explains the text of an editor until it is disposed. */
export function attach(monaco: Monaco, model: monacoTypes.editor.ITextModel, box: Box): monacoTypes.IDisposable {
  if (boxes.size === 0) {
    providers = [
      monaco.languages.registerCompletionItemProvider(LANGUAGE_ID, completionProvider(monaco)),
      monaco.languages.registerHoverProvider(LANGUAGE_ID, hoverProvider),
    ];
  }
  boxes.set(model.id, box);
  return {
    dispose: () => {
      if (boxes.delete(model.id) && boxes.size === 0) {
        providers.forEach((one) => one.dispose());
        providers = [];
      }
    },
  };
}

function completionProvider(monaco: Monaco): monacoTypes.languages.CompletionItemProvider {
  return {
    triggerCharacters: ['{', ',', '[', '(', '=', '~', '"', "'", ' ', '$', '@', ':'],
    async provideCompletionItems(model, position, { triggerCharacter }) {
      const box = boxes.get(model.id);
      if (!box) {
        return undefined;
      }
      const text = model.getValue();
      const at = model.getOffsetAt(position);
      const situation = situationAt(text, at);
      // After a value a blank may as well end it: Enter would then choose the first word.
      if (situation.kind === 'none' || (situation.kind === 'after' && triggerCharacter === ' ')) {
        return { suggestions: [] };
      }
      const { list, incomplete } = await complete(situation, {
        resources: box.resources,
        variables: box.variables(),
        typed: text.slice(situation.from, at),
        before: text[situation.from - 1],
        rest: text.slice(at, at + 20),
      });
      const begin = model.getPositionAt(situation.from);
      const range = {
        startLineNumber: position.lineNumber,
        endLineNumber: position.lineNumber,
        startColumn: begin.lineNumber === position.lineNumber ? begin.column : position.column,
        endColumn: position.column,
      };
      return { suggestions: list.map((one, i) => toItem(monaco, one, i, range)), incomplete };
    },
  };
}

const hoverProvider: monacoTypes.languages.HoverProvider = {
  async provideHover(model, position) {
    const box = boxes.get(model.id);
    const found = box && (await hoverAt(model.getValue(), model.getOffsetAt(position), box));
    if (!found || model.isDisposed()) {
      return undefined;
    }
    const [from, to] = [model.getPositionAt(found.from), model.getPositionAt(found.to)];
    return {
      contents: found.lines.map((value) => ({ value })),
      range: {
        startLineNumber: from.lineNumber,
        startColumn: from.column,
        endLineNumber: to.lineNumber,
        endColumn: to.column,
      },
    };
  },
};

function toItem(
  monaco: Monaco,
  { label, insert, template, goesOn, kind, detail, help }: Completion,
  at: number,
  range: monacoTypes.IRange
): monacoTypes.languages.CompletionItem {
  const { CompletionItemKind, CompletionItemInsertTextRule } = monaco.languages;
  const kinds: Record<CompletionKind, monacoTypes.languages.CompletionItemKind> = {
    series: CompletionItemKind.Variable,
    function: CompletionItemKind.Function,
    aggregation: CompletionItemKind.Method,
    keyword: CompletionItemKind.Keyword,
    operator: CompletionItemKind.Operator,
    label: CompletionItemKind.Field,
    value: CompletionItemKind.Value,
    macro: CompletionItemKind.Constant,
    range: CompletionItemKind.Unit,
    snippet: CompletionItemKind.Snippet,
  };
  return {
    label,
    kind: kinds[kind],
    detail,
    documentation: help,
    insertText: insert ?? label,
    insertTextRules: template ? CompletionItemInsertTextRule.InsertAsSnippet : undefined,
    command: goesOn ? { id: 'editor.action.triggerSuggest', title: '' } : undefined,
    sortText: String(at).padStart(6, '0'),
    range,
  };
}
