// The box that code is written in, PromQL or SQL: as high as its lines. Shift+Enter runs it, and leaving the field stores
// it, as in Grafana's own editors. It imports Monaco, so only lazy chunks may import it.
import { CodeEditor, type Monaco, type MonacoEditor, type monacoTypes } from '@grafana/ui';
import React, { useEffect, useRef } from 'react';

interface Props {
  language: string;
  code: string;
  /** The height of an empty box, in lines. */
  leastLines: number;
  onBeforeEditorMount?: (monaco: Monaco) => void;
  /** Registers what completes the box's own text. */
  complete: (monaco: Monaco, model: monacoTypes.editor.ITextModel) => monacoTypes.IDisposable;
  /** Is called with changed code. */
  onCommit: (code: string) => void;
  onRun: () => void;
}

const LINE_HEIGHT = 18;
const MOST_LINES = 20;
/** Characters after which a line is wrapped, about. */
const WIDTH = 100;

export function CodeBox({ language, code, leastLines, onBeforeEditorMount, complete, onCommit, onRun }: Props) {
  // Monaco keeps the functions it was mounted with. They read the current props from here.
  const current = useRef({ code, onCommit, onRun });
  useEffect(() => {
    current.current = { code, onCommit, onRun };
  });

  const commit = (text: string) => {
    if (text !== current.current.code) {
      current.current.onCommit(text);
    }
  };

  const mounted = (editor: MonacoEditor, monaco: Monaco) => {
    editor.addCommand(monaco.KeyMod.Shift | monaco.KeyCode.Enter, () => {
      commit(editor.getValue());
      current.current.onRun();
    });
    const model = editor.getModel();
    if (model) {
      const completion = complete(monaco, model);
      editor.onDidDispose(() => {
        completion.dispose();
        model.dispose(); // CodeEditor leaves it behind
      });
    }
  };

  return (
    <CodeEditor
      language={language}
      value={code}
      height={heightOf(code, leastLines)}
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
      onBeforeEditorMount={onBeforeEditorMount}
      onEditorDidMount={mounted}
      onBlur={commit}
    />
  );
}

/** Returns the height for the lines of the code, with the wrapped parts of long ones. */
function heightOf(code: string, least: number): number {
  const lines = code.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / WIDTH)), 0);
  return Math.min(Math.max(lines, least), MOST_LINES) * LINE_HEIGHT + 12;
}
