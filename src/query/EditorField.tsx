// The field of @grafana/plugin-ui, whose message belongs to the control in it: screen readers read it with the control.
import { EditorField as GrafanaField } from '@grafana/plugin-ui';
import React, { type ComponentProps, createContext, type ReactNode, useContext, useId } from 'react';

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
  const { label } = field;
  const said = typeof error === 'string' && typeof label === 'string' ? withSubject(error, label) : error;
  return (
    <MessageId.Provider value={error ? id : undefined}>
      <GrafanaField {...field} error={said && <span id={id}>{said}</span>} />
    </MessageId.Provider>
  );
}

/** Returns the attributes of a control in a field. */
export function useMarks(invalid?: boolean): Marks {
  const id = useContext(MessageId);
  return invalid ? { 'aria-invalid': true, 'aria-describedby': id } : {};
}
