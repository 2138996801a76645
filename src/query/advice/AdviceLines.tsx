// Below a query: why its answer is not seen, and a button where a click mends it.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, useStyles2 } from '@grafana/ui';
import React from 'react';

import type { MesosQuery } from '../types';
import type { Advice } from './advice';

interface Props {
  advice: Advice[];
  /** Is called with the query of a fix. */
  onFix?: (query: MesosQuery) => void;
}

export function AdviceLines({ advice, onFix }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div aria-live="polite">
      {advice.map(({ text, fix }) => (
        <div key={text} className={styles.line} data-testid="query-advice">
          <span>
            <Icon name="info-circle" className={styles.icon} /> {text}
          </span>
          {fix && onFix && (
            <Button size="sm" variant="secondary" onClick={() => onFix(fix.query)}>
              {fix.label}
            </Button>
          )}
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(0.5, 1),
    color: theme.colors.text.secondary,
    overflowWrap: 'anywhere',
  }),
  icon: css({ color: theme.colors.info.text }),
});
