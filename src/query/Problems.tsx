// What is wrong with a text of code, in words: below its box.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import React from 'react';

import { t } from '../i18n';
import { positionOf, type Checked } from './problem';

interface Props extends Checked {
  /** The text that was checked. */
  text: string;
}

export function Problems({ text, problems, warnings }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <>
      {problems.map(({ from, at = from, message }) => (
        <div key={message} className={styles.problem} data-testid="code-problem">
          <Icon name="exclamation-circle" />{' '}
          {t('query.code.problem', 'Line {{line}}, column {{column}}: {{message}}', {
            ...positionOf(text, at),
            message,
          })}
        </div>
      ))}
      {warnings.map((warning) => (
        <div key={warning} className={styles.warning}>
          <Icon name="exclamation-triangle" /> {warning}
        </div>
      ))}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  problem: css({ color: theme.colors.error.text, overflowWrap: 'anywhere' }),
  warning: css({ color: theme.colors.warning.text, overflowWrap: 'anywhere' }),
});
