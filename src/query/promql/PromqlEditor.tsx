// The code mode: an expression with completion. Shift+Enter runs it, and leaving
// the field stores it, as in Grafana's Prometheus editor.
import { CodeEditor, type Monaco, type MonacoEditor } from '@grafana/ui';
import React, { useEffect, useRef } from 'react';

import type { MesosResources } from '../../resources';
import type { MesosQuery } from '../types';
import { LANGUAGE_ID, registerCompletion, registerLanguage } from './language';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

const LINE_HEIGHT = 18;
const MOST_LINES = 20;

export default function PromqlEditor({ query, resources, onChange, onRunQuery }: Props) {
  const expr = query.expr ?? '';
  // Monaco keeps the functions it was mounted with. They read the current props from here.
  const current = useRef({ query, onChange, onRunQuery });
  useEffect(() => {
    current.current = { query, onChange, onRunQuery };
  });

  const commit = (text: string) => {
    const { query, onChange } = current.current;
    if (text !== (query.expr ?? '')) {
      onChange({ ...query, expr: text });
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

  return (
    <CodeEditor
      language={LANGUAGE_ID}
      value={expr}
      height={heightOf(expr)}
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
      onBeforeEditorMount={registerLanguage}
      onEditorDidMount={mounted}
      onBlur={commit}
    />
  );
}

/** Returns the height for the lines of the expression, with the wrapped parts of long ones. */
function heightOf(expr: string): number {
  const lines = expr.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 100)), 0);
  return Math.min(Math.max(lines, 2), MOST_LINES) * LINE_HEIGHT + 12;
}
