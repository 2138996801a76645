// What an expression does, in words.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { useMemo } from 'react';

import { t } from '../../i18n';
import type { Catalogue } from '../../resources';
import { explain, nameOfStep } from './explain';

interface Props {
  expr: string;
  catalogue?: Catalogue;
}

export default function Explained({ expr, catalogue }: Props) {
  const styles = useStyles2(getStyles);
  const steps = useMemo(() => explain(expr, catalogue), [expr, catalogue]);
  if (!steps) {
    return (
      <div className={styles.none}>
        {t('query.explain.incomplete', 'A complete expression is explained here, step by step.')}
      </div>
    );
  }
  return (
    <ol className={styles.list} aria-label={t('query.explain.name', 'What the expression does')}>
      {steps.map(({ code, text, details }, i) => (
        <li key={i} className={styles.step}>
          <div>
            <span className={styles.number}>{nameOfStep(i)}</span> <code className={styles.code}>{code}</code>
          </div>
          <div className={styles.text}>
            {text}
            {details.length > 0 && (
              <ul className={styles.details}>
                {details.map((detail) => (
                  <li key={detail}>{detail}</li>
                ))}
              </ul>
            )}
          </div>
        </li>
      ))}
    </ol>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  none: css({ color: theme.colors.text.secondary, padding: theme.spacing(1) }),
  list: css({
    listStyle: 'none',
    padding: theme.spacing(1, 1.5),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  step: css({ padding: theme.spacing(0.5, 0) }),
  number: css({ color: theme.colors.text.secondary, marginRight: theme.spacing(0.5) }),
  code: css({
    padding: 0,
    border: 'none',
    background: 'none',
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-wrap',
  }),
  text: css({ paddingLeft: theme.spacing(3), color: theme.colors.text.secondary }),
  details: css({ margin: 0, paddingLeft: theme.spacing(2.5) }),
});
