// The name of series as a text with {{label}} in it, which completes the labels that the query's result has.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { AutoSizeInput, useStyles2 } from '@grafana/ui';
import React, { useEffect, useId, useRef, useState } from 'react';

import { t } from '../i18n';
import { completedAt, openAt } from './legend';

interface Props {
  value: string;
  /** The labels of the result. */
  labels: string[];
  /** Called once the field is there: true where it takes the focus, with its text selected. */
  takesFocus?: () => boolean;
  /** Is called with a changed value, without blanks around it. */
  onCommit: (value: string) => void;
}

export function LegendInput({ value, labels, takesFocus, onCommit }: Props) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // The typed text and the cursor in it, until it is committed.
  const [draft, setDraft] = useState<{ text: string; cursor: number; active: number; closed?: boolean }>();
  useEffect(() => {
    if (takesFocus?.()) {
      input.current?.focus();
      input.current?.select();
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when it appears
  }, []);
  const text = draft?.text ?? value;
  const open = draft && !draft.closed ? openAt(text, draft.cursor, labels) : [];

  const commit = () => {
    setDraft(undefined);
    if (draft && draft.text.trim() !== value) {
      onCommit(draft.text.trim());
    }
  };
  const choose = (label: string) => {
    const { text: completed, cursor } = completedAt(text, draft?.cursor ?? text.length, label);
    setDraft({ text: completed, cursor, active: 0, closed: true });
    // The cursor is put into the new text once that is drawn.
    requestAnimationFrame(() => input.current?.setSelectionRange(cursor, cursor));
  };
  const follow = ({ currentTarget }: React.SyntheticEvent<HTMLInputElement>) =>
    setDraft({ text: currentTarget.value, cursor: currentTarget.selectionStart ?? 0, active: 0 });

  return (
    <div className={styles.field}>
      <AutoSizeInput
        ref={input}
        role="combobox"
        aria-label={t('query.options.legend-format', 'Legend format')}
        aria-expanded={open.length > 0}
        aria-controls={`${id}-labels`}
        aria-autocomplete="list"
        aria-activedescendant={open.length > 0 ? `${id}-${draft?.active}` : undefined}
        minWidth={22}
        value={text}
        onChange={follow}
        onClick={follow}
        onBlur={commit}
        onKeyDown={(event) => {
          const active = draft?.active ?? 0;
          if (open.length > 0 && draft) {
            const handlers: Record<string, () => void> = {
              ArrowDown: () => setDraft({ ...draft, active: (active + 1) % open.length }),
              ArrowUp: () => setDraft({ ...draft, active: (active + open.length - 1) % open.length }),
              Enter: () => choose(open[active]),
              Tab: () => choose(open[active]),
              Escape: () => setDraft({ ...draft, closed: true }),
            };
            const handle = handlers[event.key];
            if (handle) {
              event.preventDefault();
              event.stopPropagation();
              handle();
            }
          } else if (event.key === 'Enter') {
            commit();
          } else if (event.key === 'Escape' && draft) {
            event.stopPropagation(); // Grafana would leave the panel's editor
            setDraft(undefined);
          }
        }}
      />
      {open.length > 0 && (
        <ul
          id={`${id}-labels`}
          role="listbox"
          aria-label={t('query.options.legend-labels', 'Labels of the result')}
          className={styles.list}
        >
          {open.map((label, i) => (
            <li
              key={label}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === draft?.active}
              className={cx(styles.option, i === draft?.active && styles.active)}
              // The field keeps the focus.
              onMouseDown={(event) => {
                event.preventDefault();
                choose(label);
              }}
            >
              {label}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  field: css({ position: 'relative' }),
  // Fixed, where it would be anyway: the group of options hides what reaches beyond it.
  list: css({
    position: 'fixed',
    zIndex: theme.zIndex.dropdown,
    minWidth: theme.spacing(22),
    maxHeight: 200,
    overflowY: 'auto',
    listStyle: 'none',
    background: theme.colors.background.elevated ?? theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
  }),
  option: css({ padding: theme.spacing(0.5, 1), cursor: 'pointer', whiteSpace: 'nowrap' }),
  active: css({ background: theme.colors.action.focus }),
});
