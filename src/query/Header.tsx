// The line above a query. Grafana's own has 24 px between its parts also where they are lines: a narrow page shows them as a gap.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { type ReactNode } from 'react';

export function Header({ left, right }: { left: ReactNode; right: ReactNode }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.line}>
      <div className={styles.part}>{left}</div>
      <div className={styles.right}>{right}</div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const part = { display: 'flex', flexWrap: 'wrap' as const, alignItems: 'center', gap: theme.spacing(0.5, 2) };
  return {
    line: css({ ...part, minHeight: theme.spacing(4) }),
    // The kinds of queries are in several lines where a panel's editor is narrow.
    part: css({
      ...part,
      minWidth: 0,
      '& [role="radiogroup"]': { maxWidth: '100%', flexWrap: 'wrap', height: 'auto' },
    }),
    right: css({ ...part, marginLeft: 'auto' }),
  };
};
