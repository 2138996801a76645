// The compiled PromQL or SQL below the builder, or why the query cannot be compiled.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import { Alert, ClipboardButton, useStyles2 } from '@grafana/ui';
import React from 'react';

import { t } from '../i18n';
import type { CompileState } from './useCompiled';

export function CompiledQuery({ compiled, error }: CompileState) {
  const styles = useStyles2(getStyles);
  const language = compiled?.sql === undefined ? 'PromQL' : 'SQL';
  const text = compiled?.sql ?? compiled?.promql ?? '';
  if (error) {
    return <Alert severity="error" title={error} className={styles.alert} />;
  }
  return (
    <>
      <EditorRow>
        <div className={styles.row}>
          <div className={styles.label}>{t('query.compiled.label', 'Compiled {{language}}', { language })}</div>
          <code className={styles.code} data-testid={`compiled-${language.toLowerCase()}`}>
            {text}
          </code>
          {compiled && (
            <ClipboardButton
              size="sm"
              variant="secondary"
              fill="text"
              icon="copy"
              aria-label={t('query.compiled.copy', 'Copy the compiled {{language}}', { language })}
              getText={() => text}
            />
          )}
        </div>
      </EditorRow>
      {compiled?.replaced && compiled.replaced.length > 0 && (
        <Alert
          severity="info"
          title={t(
            'query.compiled.replaced',
            'Code has no place for {{variables}}: the text above has the current values',
            { variables: compiled.replaced.join(', ') }
          )}
          className={styles.alert}
        />
      )}
      {compiled?.warnings?.map((warning) => (
        <Alert key={warning} severity="warning" title={warning} className={styles.alert} />
      ))}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(2), width: '100%' }),
  label: css({ fontSize: 12, fontWeight: theme.typography.fontWeightMedium, whiteSpace: 'nowrap' }),
  code: css({
    flexGrow: 1,
    padding: 0,
    border: 'none',
    background: 'none',
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  }),
  alert: css({ marginBottom: 0 }),
});
