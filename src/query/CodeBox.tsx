// The box that code is written in, PromQL or SQL: as high as its lines. Shift+Enter runs it, and leaving the field stores
// it, as in Grafana's own editors. It imports Monaco, so only lazy chunks may import it.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { CodeEditor, useStyles2, type Monaco, type MonacoEditor, type monacoTypes } from '@grafana/ui';
import React, { useEffect, useRef, useState } from 'react';

import { t } from '../i18n';
import type { Problem } from './problem';

/** What reads and changes the text of a box from outside. */
export interface Writer {
  /** Returns the text, and what is selected of it: a cursor is an empty selection. */
  read: () => { text: string; from: number; to: number };
  /** Writes a text in place of a part of the old one, as one step to undo, and gives the box the focus. */
  replace: (from: number, to: number, text: string) => void;
}

interface Props {
  language: string;
  /** What the box is called for screen readers. */
  name: string;
  code: string;
  placeholder?: string;
  /** The height of an empty box, in lines. */
  leastLines: number;
  /** What is underlined. */
  problems?: Problem[];
  onBeforeEditorMount?: (monaco: Monaco) => void;
  /** Registers what completes the box's own text. */
  attach: (monaco: Monaco, model: monacoTypes.editor.ITextModel) => monacoTypes.IDisposable;
  /** Gets what reads and changes the text as it is in the box. */
  writer?: { current?: Writer };
  /** Is called with each text while it is written. */
  onDraft?: (text: string) => void;
  /** Is called with changed code. */
  onCommit: (code: string) => void;
  onRun: () => void;
}

const LINE_HEIGHT = 18;
const PADDING = 12;
const MOST_LINES = 20;
/** Characters after which a line is wrapped, about: until the box is drawn. */
const WIDTH = 100;
const OWNER = 'mesos';
const NO_PROBLEMS: Problem[] = [];

export function CodeBox(props: Props) {
  const { language, name, code, placeholder, leastLines, problems = NO_PROBLEMS, onBeforeEditorMount } = props;
  const styles = useStyles2(getStyles);
  // Monaco keeps the functions it was mounted with. They read the current props from here.
  const current = useRef(props);
  useEffect(() => {
    current.current = props;
  });
  const [box, setBox] = useState<{ editor: MonacoEditor; monaco: Monaco }>();
  const [height, setHeight] = useState(() => estimatedHeight(code));
  const [empty, setEmpty] = useState(code === '');

  useEffect(() => {
    const model = box?.editor.getModel();
    if (box && model) {
      box.monaco.editor.setModelMarkers(
        model,
        OWNER,
        problems.map((one) => markerOf(box.monaco, model, one))
      );
    }
  }, [box, problems]);

  const commit = (text: string) => {
    if (text !== current.current.code) {
      current.current.onCommit(text);
    }
  };

  const mounted = (editor: MonacoEditor, monaco: Monaco) => {
    // Actions are the editor's own. Commands would be those of the editor that was opened last.
    editor.addAction({
      id: 'mesos.run',
      label: t('query.code.run', 'Run query'),
      keybindings: [monaco.KeyMod.Shift | monaco.KeyCode.Enter],
      run: () => {
        commit(editor.getValue());
        current.current.onRun();
      },
    });
    leaveByTab(editor, monaco);
    const { writer } = current.current;
    if (writer) {
      writer.current = writerOf(editor, monaco);
    }
    editor.updateOptions({ ariaLabel: name });
    setHeight(editor.getContentHeight());
    editor.onDidContentSizeChange(({ contentHeight }) => setHeight(contentHeight));
    const model = editor.getModel();
    if (model) {
      const attached = current.current.attach(monaco, model);
      model.onDidChangeContent(() => {
        const text = model.getValue();
        setEmpty(text === '');
        current.current.onDraft?.(text);
      });
      editor.onDidDispose(() => {
        attached.dispose();
        model.dispose(); // CodeEditor leaves it behind
      });
    }
    setBox({ editor, monaco });
  };

  return (
    <div className={styles.box}>
      <CodeEditor
        language={language}
        value={code}
        height={Math.min(Math.max(height, leastLines * LINE_HEIGHT + PADDING), MOST_LINES * LINE_HEIGHT + PADDING)}
        showMiniMap={false}
        showLineNumbers={false}
        wordWrap
        monacoOptions={{
          fixedOverflowWidgets: true,
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
      {empty && placeholder && box && (
        <div className={styles.placeholder} aria-hidden>
          {placeholder}
        </div>
      )}
    </div>
  );
}

function writerOf(editor: MonacoEditor, monaco: Monaco): Writer {
  return {
    read: () => {
      const [model, selection] = [editor.getModel(), editor.getSelection()];
      const text = model?.getValue() ?? '';
      if (!model || !selection) {
        return { text, from: text.length, to: text.length };
      }
      return {
        text,
        from: model.getOffsetAt(selection.getStartPosition()),
        to: model.getOffsetAt(selection.getEndPosition()),
      };
    },
    replace: (from, to, text) => {
      const model = editor.getModel();
      if (model) {
        const range = monaco.Range.fromPositions(model.getPositionAt(from), model.getPositionAt(to));
        editor.pushUndoStop();
        editor.executeEdits(OWNER, [{ range, text, forceMoveMarkers: true }]);
        editor.pushUndoStop();
        editor.setPosition(model.getPositionAt(from + text.length));
      }
      editor.focus();
    },
  };
}

/** Returns the height for the lines of the code, with the wrapped parts of long ones. */
function estimatedHeight(code: string): number {
  const lines = code.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / WIDTH)), 0);
  return lines * LINE_HEIGHT + PADDING;
}

/** Tab leaves the box, unless it chooses a completion or goes to the next place of one. */
function leaveByTab(editor: MonacoEditor, monaco: Monaco): void {
  const free = '!suggestWidgetVisible && !inSnippetMode && !hasNextTabstop && !hasPrevTabstop';
  const leave = (step: 1 | -1) => () => {
    const box = editor.getDomNode();
    const fields = [...document.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, [tabindex]')];
    const others = fields.filter(
      (one) => one.tabIndex >= 0 && !one.hasAttribute('disabled') && one.offsetParent !== null && !box?.contains(one)
    );
    const isAfter = (one: HTMLElement) =>
      Boolean(box && box.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    (step === 1 ? others.find(isAfter) : others.filter((one) => !isAfter(one)).at(-1))?.focus();
  };
  editor.addAction({
    id: 'mesos.next',
    label: t('query.code.next-field', 'Go to the next field'),
    keybindings: [monaco.KeyCode.Tab],
    precondition: free,
    run: leave(1),
  });
  editor.addAction({
    id: 'mesos.previous',
    label: t('query.code.previous-field', 'Go to the field before'),
    keybindings: [monaco.KeyMod.Shift | monaco.KeyCode.Tab],
    precondition: free,
    run: leave(-1),
  });
}

function markerOf(
  monaco: Monaco,
  model: monacoTypes.editor.ITextModel,
  { from, to, message }: Problem
): monacoTypes.editor.IMarkerData {
  const [begin, end] = [model.getPositionAt(from), model.getPositionAt(to)];
  return {
    severity: monaco.MarkerSeverity.Error,
    message,
    startLineNumber: begin.lineNumber,
    startColumn: begin.column,
    endLineNumber: end.lineNumber,
    endColumn: end.column,
  };
}

const getStyles = (theme: GrafanaTheme2) => ({
  box: css({ position: 'relative', width: '100%' }),
  placeholder: css({
    position: 'absolute',
    top: 5,
    left: 12,
    pointerEvents: 'none',
    color: theme.colors.text.disabled,
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: `${LINE_HEIGHT}px`,
  }),
});
