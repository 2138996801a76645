// PromQL for Monaco: colors, brackets and completion, registered once per page.
// The language id `promql` belongs to Grafana's Prometheus plugin.
import type { Monaco, monacoTypes } from '@grafana/ui';

import type { MesosResources } from '../../resources';
import { complete, type Completion } from './complete';
import { situationAt } from './situation';

export const LANGUAGE_ID = 'mesos-promql';

// https://prometheus.io/docs/prometheus/latest/querying/operators/
const AGGREGATORS = [
  ...['sum', 'min', 'max', 'avg', 'group', 'stddev', 'stdvar', 'count', 'count_values'],
  ...['bottomk', 'topk', 'quantile', 'limitk', 'limit_ratio'],
];
const KEYWORDS = [
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'offset',
  'and',
  'or',
  'unless',
];

const tokens: monacoTypes.languages.IMonarchLanguage = {
  ignoreCase: false,
  aggregators: AGGREGATORS,
  keywords: KEYWORDS,
  tokenizer: {
    root: [
      [/#.*$/, 'comment'],
      [/\$\{?__?\w+\}?|\$\{?\w+(:\w+)?\}?/, 'variable'],
      [/\{/, { token: 'delimiter.curly', next: '@labels' }],
      [/[a-zA-Z_:][\w:]*(?=\s*\()/, { cases: { '@keywords': 'keyword', '@default': 'type' } }],
      [/[a-zA-Z_:][\w:]*/, { cases: { '@keywords': 'keyword', '@aggregators': 'type', '@default': 'identifier' } }],
      { include: '@values' },
      [/[()[\]]/, '@brackets'],
      [/[-+*/%^<>=!@]+/, 'operator'],
    ],
    labels: [
      [/\}/, { token: 'delimiter.curly', next: '@pop' }],
      [/[a-zA-Z_]\w*(?=\s*(=|!))/, 'tag'],
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

/** Registers completion for the text of one editor, from one data source, until it is disposed. */
export function registerCompletion(
  monaco: Monaco,
  model: monacoTypes.editor.ITextModel,
  resources: MesosResources
): monacoTypes.IDisposable {
  return monaco.languages.registerCompletionItemProvider(LANGUAGE_ID, {
    triggerCharacters: ['{', ',', '[', '(', '=', '~', '"', ' ', '$'],
    async provideCompletionItems(asked, position) {
      if (asked.id !== model.id) {
        return undefined; // the text of another editor: all editors of a language have all its providers
      }
      const text = asked.getValueInRange({
        startLineNumber: 1,
        startColumn: 1,
        endLineNumber: position.lineNumber,
        endColumn: position.column,
      });
      const word = asked.getWordUntilPosition(position);
      const range = {
        startLineNumber: position.lineNumber,
        endLineNumber: position.lineNumber,
        startColumn: word.startColumn,
        endColumn: position.column,
      };
      const found = await complete(situationAt(text), resources);
      return { suggestions: found.map((one) => toItem(monaco, one, range)) };
    },
  });
}

function toItem(
  monaco: Monaco,
  { label, insert, kind, detail, help }: Completion,
  range: monacoTypes.IRange
): monacoTypes.languages.CompletionItem {
  const { CompletionItemKind, CompletionItemInsertTextRule } = monaco.languages;
  const kinds = {
    series: CompletionItemKind.Variable,
    function: CompletionItemKind.Function,
    label: CompletionItemKind.Field,
    value: CompletionItemKind.Value,
    macro: CompletionItemKind.Constant,
  };
  return {
    label,
    kind: kinds[kind],
    detail,
    documentation: help,
    insertText: insert ?? label,
    insertTextRules: kind === 'function' ? CompletionItemInsertTextRule.InsertAsSnippet : undefined,
    range,
  };
}
