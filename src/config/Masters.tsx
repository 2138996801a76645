// The list of masters: one address per row.
import { t } from '../i18n';
import { Field, FieldValidationMessage, IconButton, Input, Stack } from '@grafana/ui';
import React from 'react';

import { AddRow } from './AddRow';

interface Props {
  masters: string[] | undefined;
  /** What is wrong with a row; without one, with the list. */
  problemOf: (row?: number) => string | undefined;
  readOnly?: boolean;
  onChange: (masters: string[]) => void;
}

const example = (number: number) => `http://master${number}:5050`;

export function Masters(props: Props) {
  const problem = props.problemOf();
  return (
    <Field
      label={t('config.masters.label', 'Masters')}
      required
      description={t(
        'config.masters.description',
        'Addresses of all masters, as Grafana’s server reaches them, for example http://master1:5050. The leader is found among them. One address may be that of a load balancer, of a router with the path before its masters (DC/OS: https://dcos.example.com/mesos), or of ZooKeeper: zk://zk1:2181,zk2:2181/mesos.'
      )}
      htmlFor="mesos-master-1"
      invalid={Boolean(problem)}
      error={problem && <span id="mesos-masters-problem">{problem}</span>}
    >
      <Rows {...props} />
    </Field>
  );
}

// A component of its own: Field gives its child properties such as `invalid`, which elements of HTML do not have.
function Rows({ masters, problemOf, readOnly, onChange }: Props) {
  const rows = Array.isArray(masters) && masters.length > 0 ? masters : [''];
  return (
    <Stack direction="column" gap={1}>
      {rows.map((master, i) => {
        const wrong = problemOf(i);
        const number = i + 1;
        const problemId = wrong ? `mesos-master-${number}-problem` : problemOf() && 'mesos-masters-problem';
        return (
          <div key={i}>
            <Stack direction="row" gap={1} alignItems="center">
              <Input
                id={`mesos-master-${number}`}
                aria-label={t('config.masters.row', 'Master {{number}}', { number })}
                aria-invalid={Boolean(problemId)}
                aria-describedby={problemId}
                required={i === 0}
                width={40}
                disabled={readOnly}
                invalid={Boolean(problemId)}
                placeholder={example(number)}
                value={master}
                onChange={(event) => onChange(replaced(rows, i, event.currentTarget.value))}
                onBlur={() => master !== master.trim() && onChange(replaced(rows, i, master.trim()))}
              />
              {rows.length > 1 && (
                <IconButton
                  name="trash-alt"
                  tooltip={t('config.masters.remove', 'Remove master {{number}}', { number })}
                  disabled={readOnly}
                  onClick={() => onChange(rows.filter((_, j) => i !== j))}
                />
              )}
            </Stack>
            {wrong && (
              <FieldValidationMessage>
                <span id={problemId}>{wrong}</span>
              </FieldValidationMessage>
            )}
          </div>
        );
      })}
      <AddRow readOnly={readOnly} onClick={() => onChange([...rows, ''])}>
        {t('config.masters.add', 'Add master')}
      </AddRow>
    </Stack>
  );
}

function replaced(rows: string[], at: number, row: string): string[] {
  return rows.map((old, i) => (i === at ? row : old));
}
