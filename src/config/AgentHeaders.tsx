// HTTP headers for agents: names in jsonData, values in secureJsonData. The
// value of the first name is agentHeaderValue1.
import { Field, FieldValidationMessage, IconButton, Input, SecretInput, Stack } from '@grafana/ui';
import { dropRightWhile } from 'lodash';
import React, { useState } from 'react';

import { AddRow } from './AddRow';
import type { MesosOptions, MesosSecureOptions } from './types';
import { headerProblem } from './validate';

interface Props {
  names: MesosOptions['agentHeaders'];
  /** Typed values; the browser never gets stored ones. */
  values?: MesosSecureOptions;
  stored?: Partial<Record<keyof MesosSecureOptions, boolean>>;
  readOnly?: boolean;
  onNamesChange: (names: string[] | undefined) => void;
  /** Is called with '' where a stored value is to be removed. */
  onValueChange: (key: HeaderValueKey, value: string) => void;
  /** Removes a name with its value. */
  onRemove: (names: string[] | undefined, key: HeaderValueKey) => void;
}

type HeaderValueKey = `agentHeaderValue${number}`;

const keyOf = (place: number): HeaderValueKey => `agentHeaderValue${place + 1}`;

export function AgentHeaders({ names = [], values, stored, readOnly, onNamesChange, onValueChange, onRemove }: Props) {
  // Rows without a name yet. Other places without one are those of removed names: the browser does not have the values
  // of the later names, so they keep their numbers.
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
    <Field
      label="Agent headers"
      description="Sent to agents only, for example Authorization for a router with tokens (DC/OS). Values are secrets: Viewers can read the names."
    >
      <Stack direction="column" gap={1}>
        {places.map((place, row) => {
          const key = keyOf(place);
          const problem = headerProblem(names, place);
          return (
            <div key={place}>
              <Stack direction="row" gap={1} alignItems="center">
                <Input
                  aria-label={`Agent header ${row + 1}`}
                  width={24}
                  disabled={readOnly}
                  invalid={Boolean(problem)}
                  placeholder="Authorization"
                  value={names[place] ?? ''}
                  onChange={(event) => {
                    setAdded([...added.filter((one) => one !== place), place]); // stays while its name is emptied
                    onNamesChange(named(place, event.currentTarget.value.trim()));
                  }}
                />
                <SecretInput
                  aria-label={`Value of agent header ${row + 1}`}
                  width={40}
                  autoComplete="new-password"
                  disabled={readOnly}
                  placeholder="token=..."
                  isConfigured={Boolean(stored?.[key])}
                  value={values?.[key] ?? ''}
                  onChange={(event) => onValueChange(key, event.currentTarget.value)}
                  onReset={() => onValueChange(key, '')}
                />
                <IconButton
                  name="trash-alt"
                  tooltip={`Remove agent header ${row + 1}`}
                  disabled={readOnly}
                  onClick={() => {
                    setAdded(added.filter((one) => one !== place));
                    onRemove(named(place, ''), key);
                  }}
                />
              </Stack>
              {problem && <FieldValidationMessage>{problem}</FieldValidationMessage>}
            </div>
          );
        })}
        <AddRow readOnly={readOnly} onClick={() => setAdded([...added, freePlace(places)])}>
          Add agent header
        </AddRow>
      </Stack>
    </Field>
  );
}

/** Returns the first place that no row has. */
function freePlace(places: number[]): number {
  const free = places.findIndex((place, i) => place !== i);
  return free < 0 ? places.length : free;
}

/** Returns the names without empty ones at the end; undefined where there is none. */
function trimmed(names: string[]): string[] | undefined {
  const kept = dropRightWhile(names, (name) => name === '');
  return kept.length > 0 ? kept : undefined;
}
