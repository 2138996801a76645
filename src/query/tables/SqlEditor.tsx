// The code of a table: a SELECT with completion, and the form of its answer.
// Shift+Enter runs it, and leaving the field stores it, as in Grafana's SQL editors.
import { CoreApp } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import {
  CodeEditor,
  Combobox,
  type ComboboxOption,
  type Monaco,
  type MonacoEditor,
  type monacoTypes,
} from '@grafana/ui';
import React, { useEffect, useId, useRef } from 'react';

import type { MesosResources } from '../../resources';
import type { MesosQuery, SQLFormat } from '../types';
import { completionsAt, type Completion } from './complete';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  app?: CoreApp;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

const LINE_HEIGHT = 18;
const LEAST_LINES = 4;
const MOST_LINES = 20;

const FORMATS: Array<ComboboxOption<SQLFormat>> = [
  { value: 'table', label: 'Table', description: 'The rows as they are' },
  {
    value: 'time_series',
    label: 'Time series',
    description: 'A series for each combination of the text columns, over the time column',
  },
  { value: 'numeric', label: 'Number', description: 'A number for each combination of the text columns, for rules' },
];

export default function SqlEditor({ query, resources, app, onChange, onRunQuery }: Props) {
  const id = useId();
  const sql = query.sql ?? '';
  // Monaco keeps the functions it was mounted with. They read the current props from here.
  const current = useRef({ query, onChange, onRunQuery });
  useEffect(() => {
    current.current = { query, onChange, onRunQuery };
  });

  const commit = (text: string) => {
    const { query, onChange } = current.current;
    if (text !== (query.sql ?? '')) {
      onChange({ ...query, sql: text });
    }
  };

  const mounted = (editor: MonacoEditor, monaco: Monaco) => {
    editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => {
      commit(editor.getValue());
      current.current.onRunQuery();
    });
    const model = editor.getModel();
    if (model) {
      const completion = registerCompletion(monaco, model, resources);
      editor.onDidDispose(() => {
        completion.dispose();
        model.dispose(); // CodeEditor leaves it behind
      });
    }
  };

  const formats = FORMATS.filter(({ value }) => app !== CoreApp.UnifiedAlerting || value !== 'table');
  return (
    <>
      <CodeEditor
        language="sql"
        value={sql}
        height={heightOf(sql)}
        showMiniMap={false}
        showLineNumbers={false}
        wordWrap
        monacoOptions={{
          folding: false,
          hideCursorInOverviewRuler: true,
          overviewRulerLanes: 0,
          lineHeight: LINE_HEIGHT,
          renderLineHighlight: 'none',
          scrollBeyondLastLine: false,
          suggest: { showWords: false },
        }}
        onEditorDidMount={mounted}
        onBlur={commit}
      />
      <EditorRow>
        <EditorField label="Format" htmlFor={`${id}-format`}>
          <Combobox<SQLFormat>
            id={`${id}-format`}
            width={22}
            options={formats}
            value={(query.format as SQLFormat | undefined) ?? 'table'}
            onChange={({ value }) => onChange({ ...query, format: value })}
          />
        </EditorField>
      </EditorRow>
    </>
  );
}

function heightOf(sql: string): number {
  const lines = sql.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 100)), 0);
  return Math.min(Math.max(lines + 1, LEAST_LINES), MOST_LINES) * LINE_HEIGHT + 12;
}

// Monaco has one list of providers per language, shared by all editors of the page: each answers for its own text only.
function registerCompletion(monaco: Monaco, own: monacoTypes.editor.ITextModel, resources: MesosResources) {
  const { Struct, Field, Function, Snippet, Keyword } = monaco.languages.CompletionItemKind;
  const kinds: Record<Completion['kind'], number> = {
    table: Struct,
    column: Field,
    function: Function,
    macro: Snippet,
    keyword: Keyword,
  };
  return monaco.languages.registerCompletionItemProvider('sql', {
    triggerCharacters: ['$', '.', ' '],
    async provideCompletionItems(model: monacoTypes.editor.ITextModel, position: monacoTypes.Position) {
      if (model !== own) {
        return { suggestions: [] };
      }
      const schema = await resources.schema().catch(() => undefined);
      if (!schema) {
        return { suggestions: [] };
      }
      const text = model.getValue();
      const before = text.slice(0, model.getOffsetAt(position));
      const typed = /[$\w]*$/.exec(before)?.[0] ?? '';
      const range = {
        startLineNumber: position.lineNumber,
        endLineNumber: position.lineNumber,
        startColumn: position.column - typed.length,
        endColumn: position.column,
      };
      const suggestions = completionsAt(before, text, schema).map(
        ({ label, kind, text, detail, documentation }, i) => ({
          label,
          kind: kinds[kind],
          insertText: text,
          detail,
          documentation,
          range,
          sortText: String(i).padStart(5, '0'),
        })
      );
      return { suggestions };
    },
  });
}
