// The code of a table: a SELECT with completion, and the form of its answer.
import { CoreApp } from '@grafana/data';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { type ComboboxOption, type Monaco, type monacoTypes } from '@grafana/ui';
import React, { useId, useState } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { CodeBox } from '../CodeBox';
import { Problems } from '../Problems';
import { SingleMenu } from '../SingleMenu';
import type { MesosQuery, SQLFormat } from '../types';
import { useCheck } from '../useCheck';
import { completionsAt, type Completion } from './complete';
import { checkSQL } from './problems';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  app?: CoreApp;
  /** Is called with each text that was checked, before it is stored, and whether nothing is wrong with it. */
  onChecked?: (text: string, right: boolean) => void;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

const formatOptions = (): Array<ComboboxOption<SQLFormat>> => [
  {
    value: 'table',
    label: t('query.sql.format-table', 'Table'),
    description: t('query.sql.format-table-description', 'The rows as they are'),
  },
  {
    value: 'time_series',
    label: t('query.sql.format-time-series', 'Time series'),
    description: t(
      'query.sql.format-time-series-description',
      'A series for each combination of the text columns, over the time column'
    ),
  },
  {
    value: 'numeric',
    label: t('query.sql.format-number', 'Number'),
    description: t(
      'query.sql.format-number-description',
      'A number for each combination of the text columns, for rules'
    ),
  },
];

export default function SqlEditor({ query, resources, app, onChecked, onChange, onRunQuery }: Props) {
  const stored = query.sql ?? '';
  // What is written since the statement was stored.
  const [written, setWritten] = useState({ since: stored, text: stored });
  const draft = written.since === stored ? written.text : stored;
  const { problems, warnings } = useCheck(draft, (text, requestId) => checkSQL(text, resources, requestId), onChecked);
  const id = useId();
  const formats = formatOptions().filter(({ value }) => app !== CoreApp.UnifiedAlerting || value !== 'table');
  return (
    <>
      <CodeBox
        language="sql"
        code={stored}
        leastLines={4}
        name={t('query.sql.name', 'SQL statement')}
        attach={(monaco, model) => registerCompletion(monaco, model, resources)}
        problems={problems}
        onDraft={(text) => setWritten({ since: stored, text })}
        onCommit={(sql) => onChange({ ...query, sql })}
        onRun={onRunQuery}
      />
      <div aria-live="polite">
        <Problems text={draft} problems={problems} warnings={warnings} />
      </div>
      <EditorRow>
        <EditorField label={t('query.sql.format', 'Format')} htmlFor={`${id}-format`}>
          <SingleMenu<SQLFormat>
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
