// A field in the place of Grafana's CodeEditor, whose Monaco does not run in jsdom: it tells what is written, as Monaco does.
import type { CodeEditor } from '@grafana/ui';
import React, { useEffect, useRef, type ComponentProps } from 'react';

type Props = ComponentProps<typeof CodeEditor>;

/** Takes every call, and has every property. */
const anything: object = new Proxy(() => anything, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : key === 'then' ? undefined : anything),
});

export function FieldForCode({ value, language, onBlur, onEditorDidMount }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const changed = useRef<() => void>(undefined);
  useEffect(() => {
    const model = {
      getValue: () => field.current?.value ?? '',
      onDidChangeContent: (listener: () => void) => {
        changed.current = listener;
      },
      getPositionAt: (offset: number) => ({ lineNumber: 1, column: offset + 1 }),
      dispose: () => undefined,
    };
    const editor = new Proxy(anything, {
      get: (all, key) =>
        key === 'getModel' ? () => model : key === 'getContentHeight' ? () => 30 : Reflect.get(all, key),
    });
    onEditorDidMount?.(editor as never, anything as never);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when the editor is there, as Grafana calls it
  }, []);
  return (
    <textarea
      ref={field}
      data-testid="code"
      aria-label={language}
      defaultValue={value}
      onChange={() => changed.current?.()}
      onBlur={({ currentTarget }) => onBlur?.(currentTarget.value)}
    />
  );
}
