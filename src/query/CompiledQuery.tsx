// The compiled PromQL or SQL below the builder, or why the query cannot be compiled.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import { Alert, ClipboardButton, useStyles2 } from '@grafana/ui';
import React from 'react';

import { inOrder, t } from '../i18n';
import { faultOf } from './fault';
import type { CompileState } from './useCompiled';

interface Props extends CompileState {
  /** Whether the error is shown at its field. */
  said?: boolean;
}

export function CompiledQuery({ compiled, error, said }: Props) {
  const styles = useStyles2(getStyles);
  const language = compiled?.sql === undefined ? 'PromQL' : 'SQL';
  const text = compiled?.sql ?? compiled?.promql ?? '';
  if (error && said) {
    return null;
  }
  if (error) {
    return <Alert severity="error" title={named(error)} className={styles.alert} />;
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

/** Returns a message with the name of its field: the backend knows the key. */
function named(error: string): string {
  const fault = faultOf(error);
  return fault?.key === 'interval'
    ? inOrder(t('query.field.of', '{{label}}:', { label: t('query.options.min-step', 'Min step') }), fault.text)
    : error;
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(0.5, 2), width: '100%' }),
  label: css({ fontSize: 12, fontWeight: theme.typography.fontWeightMedium, whiteSpace: 'nowrap' }),
  code: css({
    // On a narrow page it is below its name, with the button beside it.
    flex: '1 1 320px',
    minWidth: 0,
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
