// HTTP headers for masters or for agents: names in jsonData, values in secureJsonData. The value of the name at place 0 has
// the number 1. Places are kept: the browser does not have stored values, and could not move them.
import { t } from '../i18n';
import { Field, FieldValidationMessage, IconButton, Input, Stack } from '@grafana/ui';
import { dropRightWhile } from 'lodash';
import React, { useState } from 'react';

import { AddRow } from './AddRow';
import { Secret } from './Secret';
import type { MesosSecureOptions } from './types';

export type HeaderValueKey = `agentHeaderValue${number}` | `httpHeaderValue${number}`;

/** The texts of the list. */
export interface HeaderTexts {
  label: string;
  description: string;
  name: (number: number) => string;
  value: (number: number) => string;
  add: string;
  remove: (number: number) => string;
}

const NAME_EXAMPLE = 'Authorization';
const VALUE_EXAMPLE = 'token=...';

interface Props {
  id: string;
  texts: HeaderTexts;
  /** By place; '' where there is none. */
  names: string[];
  /** The key of secureJsonData with the value of a place. */
  keyOf: (place: number) => HeaderValueKey;
  /** Typed values; the browser never gets stored ones. */
  values?: MesosSecureOptions;
  stored?: Partial<Record<keyof MesosSecureOptions, boolean>>;
  problemOf: (place: number) => string | undefined;
  readOnly?: boolean;
  onNamesChange: (names: string[]) => void;
  /** Is called with '' where a stored value is to be removed. */
  onValueChange: (key: HeaderValueKey, value: string) => void;
  /** Removes a name with its value. */
  onRemove: (names: string[], key: HeaderValueKey) => void;
}

export function Headers(props: Props) {
  const { id, texts, names, keyOf, values, stored, problemOf, readOnly } = props;
  // Rows without a name yet. Other places without one are those of removed names.
  const [added, setAdded] = useState<number[]>([]);
  const count = Math.max(names.length, ...added.map((place) => place + 1));
  const places = Array.from({ length: count }, (_, place) => place).filter(
    (place) => names[place] || added.includes(place)
  );
  const named = (place: number, name: string) =>
    trimmed(
      Array.from({ length: Math.max(names.length, place + 1) }, (_, i) => (i === place ? name : (names[i] ?? '')))
    );

  return (
    <Field label={texts.label} description={texts.description}>
      <Stack direction="column" gap={1}>
        {places.map((place, row) => {
          const key = keyOf(place);
          const problem = problemOf(place);
          const problemId = problem && `${id}-${place}-problem`;
          return (
            <div key={place}>
              <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
                <Input
                  aria-label={texts.name(row + 1)}
                  aria-invalid={Boolean(problem)}
                  aria-describedby={problemId}
                  width={24}
                  disabled={readOnly}
                  invalid={Boolean(problem)}
                  placeholder={NAME_EXAMPLE}
                  value={names[place] ?? ''}
                  onChange={(event) => {
                    setAdded([...added.filter((one) => one !== place), place]); // stays while its name is emptied
                    props.onNamesChange(named(place, event.currentTarget.value.trim()));
                  }}
                />
                <Secret
                  aria-label={texts.value(row + 1)}
                  width={36}
                  placeholder={VALUE_EXAMPLE}
                  value={values?.[key] ?? ''}
                  isStored={Boolean(stored?.[key])}
                  readOnly={readOnly}
                  onChange={(value) => props.onValueChange(key, value)}
                />
                <IconButton
                  name="trash-alt"
                  tooltip={texts.remove(row + 1)}
                  disabled={readOnly}
                  onClick={() => {
                    setAdded(added.filter((one) => one !== place));
                    props.onRemove(named(place, ''), key);
                  }}
                />
              </Stack>
              {problem && (
                <FieldValidationMessage>
                  <span id={problemId}>{problem}</span>
                </FieldValidationMessage>
              )}
            </div>
          );
        })}
        <AddRow readOnly={readOnly} onClick={() => setAdded([...added, freePlace(places)])}>
          {texts.add}
        </AddRow>
      </Stack>
    </Field>
  );
}

/** Returns the texts of headers for masters. */
export function mastersHeaderTexts(): HeaderTexts {
  return {
    label: t('config.headers.label', 'HTTP headers'),
    description: t(
      'config.headers.description',
      'Sent to masters only, for example Authorization for a router with tokens (DC/OS). Values are secrets: Viewers can read the names.'
    ),
    name: (number) => t('config.headers.name', 'Header {{number}}', { number }),
    value: (number) => t('config.headers.value', 'Value of header {{number}}', { number }),
    add: t('config.headers.add', 'Add header'),
    remove: (number) => t('config.headers.remove', 'Remove header {{number}}', { number }),
  };
}

/** Returns the texts of headers for agents. */
export function agentHeaderTexts(): HeaderTexts {
  return {
    label: t('config.agent-headers.label', 'Agent headers'),
    description: t(
      'config.agent-headers.description',
      'Sent to agents only, for example Authorization for a router with tokens (DC/OS). Values are secrets: Viewers can read the names.'
    ),
    name: (number) => t('config.agent-headers.name', 'Agent header {{number}}', { number }),
    value: (number) => t('config.agent-headers.value', 'Value of agent header {{number}}', { number }),
    add: t('config.agent-headers.add', 'Add agent header'),
    remove: (number) => t('config.agent-headers.remove', 'Remove agent header {{number}}', { number }),
  };
}

/** Returns the first place that no row has. */
function freePlace(places: number[]): number {
  const free = places.findIndex((place, i) => place !== i);
  return free < 0 ? places.length : free;
}

/** Returns the names without empty ones at the end. */
function trimmed(names: string[]): string[] {
  return dropRightWhile(names, (name) => name === '');
}
