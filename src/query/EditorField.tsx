// The field of @grafana/plugin-ui, whose message belongs to the control in it: screen readers read it with the control. It
// stands below the whole row, since in the field it would push those beside it away.
import { css } from '@emotion/css';
import { EditorField as GrafanaField } from '@grafana/plugin-ui';
import { FieldValidationMessage } from '@grafana/ui';
import React, { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react';

import { t } from '../i18n';
import type { Marks } from '../marks';
import { withSubject } from './fault';

/** The id of the message of a field, for the control in it. */
export const MessageId = createContext<string | undefined>(undefined);

interface Props extends Omit<ComponentProps<typeof GrafanaField>, 'error'> {
  /** What is wrong, which is shown where the field is invalid. */
  error?: ReactNode;
}

export function EditorField({ error, ...field }: Props) {
  const id = useId();
  const { label, invalid } = field;
  const said = typeof error === 'string' && typeof label === 'string' ? withSubject(error, label) : error;
  const named = typeof label === 'string' && said === error;
  return (
    <MessageId.Provider value={error ? id : undefined}>
      <GrafanaField {...field} />
      {invalid && said && (
        <div className={belowRow}>
          <FieldValidationMessage className={message}>
            {named && <span>{t('query.field.of', '{{label}}:', { label })} </span>}
            <span id={id}>{said}</span>
          </FieldValidationMessage>
        </div>
      )}
    </MessageId.Provider>
  );
}

// A row of fields wraps: the message is a line of its own after all of them.
const belowRow = css({ flex: '1 0 100%', order: 1, minWidth: 0, marginTop: -8 });
// Grafana's arrow would point to the first field, whichever it is about.
const message = css({ margin: 0, overflowWrap: 'anywhere', '&:before': { display: 'none' } });

/** Returns the attributes of a control in a field. */
export function useMarks(invalid?: boolean): Marks {
  const id = useContext(MessageId);
  return invalid ? { 'aria-invalid': true, 'aria-describedby': id } : {};
}
