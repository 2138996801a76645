// What is wrong with the label of a filter, said below it: a filter without a label is not in the query, and one with a label
// that nothing has matches nothing, or leaves nothing out.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, useStyles2 } from '@grafana/ui';
import React, { type FocusEvent, type FormEvent, type KeyboardEvent, useRef, useState } from 'react';

import { listOf, t } from '../../i18n';
import { nearestOf } from '../nearest';

export interface Problem {
  text: string;
  /** The label that is probably meant. */
  instead?: string;
}

interface Asked {
  subject: 'label' | 'column' | 'field';
  label?: string;
  values: string[];
  /** What was typed in the menu of labels and chose none. */
  left?: string;
  /** All labels there are; undefined while they are not known. */
  labels?: string[];
}

/** Returns what is wrong with the label of a filter, undefined for nothing that is known. */
export function problemOf({ subject, label, values, left, labels }: Asked): Problem | undefined {
  if (left && labels && !labels.some((known) => known.toLowerCase().includes(left.toLowerCase()))) {
    return unknownLabel(subject, left, labels);
  }
  if (!label) {
    return values.length > 0
      ? {
          text:
            subject === 'column'
              ? t('query.filters.no-column', 'Choose a column: without one the filter is not in the query.')
              : t('query.filters.no-label', 'Choose a label: without one the filter is not in the query.'),
        }
      : undefined;
  }
  // The backend names a column and a field that there is not. Events may be older than the series that list labels of tasks.
  const judged = subject === 'label' || (subject === 'column' && label.includes('.'));
  return judged && labels && !label.includes('$') && !labels.includes(label)
    ? unknownLabel(subject, label, labels)
    : undefined;
}

function unknownLabel(subject: Asked['subject'], label: string, labels: string[]): Problem {
  const near = nearestOf(label, labels);
  const text =
    subject === 'column'
      ? t('query.filters.unknown-column', 'No row has the column {{label}}.', { label })
      : t('query.filters.unknown-label', 'Nothing has the label {{label}} in the time range.', { label });
  if (near.length === 0) {
    return { text };
  }
  const likely = t('query.filters.unknown-similar', 'Do you mean {{labels}}?', { labels: listOf(near) });
  return { text: `${text} ${likely}`, instead: near[0] };
}

/** Returns what was typed in a menu that was left since, until something else is chosen; and the handlers around the menu. */
export function useLeftText(chosen?: string) {
  const typed = useRef('');
  const [left, setLeft] = useState<{ text: string; since?: string }>();
  return {
    left: left && left.since === chosen ? left.text : undefined,
    handlers: {
      onInput: ({ target }: FormEvent) => {
        typed.current = (target as HTMLInputElement).value;
        setLeft(undefined);
      },
      onKeyDown: ({ key }: KeyboardEvent) => {
        typed.current = key === 'Escape' ? '' : typed.current;
      },
      onBlur: (_: FocusEvent) => {
        if (typed.current) {
          setLeft({ text: typed.current, since: chosen });
        }
        typed.current = '';
      },
    },
  };
}

interface Props extends Problem {
  id: string;
  onUse: (label: string) => void;
}

export function LabelProblem({ id, text, instead, onUse }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles}>
      <Icon name="exclamation-triangle" /> <span id={id}>{text}</span>
      {instead && (
        <Button size="sm" fill="text" onClick={() => onUse(instead)}>
          {t('query.filters.use', 'Use {{label}}', { label: instead })}
        </Button>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) =>
  css({ color: theme.colors.warning.text, fontSize: theme.typography.bodySmall.fontSize, overflowWrap: 'anywhere' });
