// The list of masters: one address per row.
import { Field, FieldValidationMessage, IconButton, Input, Stack } from '@grafana/ui';
import React from 'react';

import { AddRow } from './AddRow';
import { masterProblem, mastersProblem } from './validate';

interface Props {
  masters: string[] | undefined;
  readOnly?: boolean;
  onChange: (masters: string[]) => void;
}

export function Masters({ masters, readOnly, onChange }: Props) {
  const problem = masters && mastersProblem(masters);
  return (
    <Field
      label="Masters"
      required
      description="Addresses of all masters, as Grafana’s server reaches them, for example http://master1:5050. The leader is found among them. One address may be that of a load balancer, of a router with the path before its masters (DC/OS: https://dcos.example.com/mesos), or of ZooKeeper: zk://zk1:2181,zk2:2181/mesos."
      invalid={Boolean(problem)}
      error={problem}
    >
      <Rows masters={masters} readOnly={readOnly} onChange={onChange} />
    </Field>
  );
}

// A component of its own: Field gives its child properties such as `invalid`, which elements of HTML do not have.
function Rows({ masters, readOnly, onChange }: Props) {
  const rows = masters?.length ? masters : [''];
  return (
    <Stack direction="column" gap={1}>
      {rows.map((master, i) => {
        const wrong = masterProblem(master);
        return (
          <div key={i}>
            <Stack direction="row" gap={1} alignItems="center">
              <Input
                aria-label={`Master ${i + 1}`}
                width={40}
                disabled={readOnly}
                invalid={Boolean(wrong)}
                placeholder={`http://master${i + 1}:5050`}
                value={master}
                onChange={(event) => onChange(replaced(rows, i, event.currentTarget.value))}
                onBlur={() => master !== master.trim() && onChange(replaced(rows, i, master.trim()))}
              />
              {rows.length > 1 && (
                <IconButton
                  name="trash-alt"
                  tooltip={`Remove master ${i + 1}`}
                  disabled={readOnly}
                  onClick={() => onChange(rows.filter((_, j) => i !== j))}
                />
              )}
            </Stack>
            {wrong && <FieldValidationMessage>{wrong}</FieldValidationMessage>}
          </div>
        );
      })}
      <AddRow readOnly={readOnly} onClick={() => onChange([...rows, ''])}>
        Add master
      </AddRow>
    </Stack>
  );
}

function replaced(rows: string[], at: number, row: string): string[] {
  return rows.map((old, i) => (i === at ? row : old));
}
