// User and password of ZooKeeper: shown where ZooKeeper tells the masters, or where one is stored.
import { Field, SecretInput } from '@grafana/ui';
import React from 'react';

import { digestProblem } from './validate';

interface Props {
  /** What was just typed; a stored one never comes back. */
  value: string;
  isStored: boolean;
  readOnly?: boolean;
  onChange: (value: string) => void;
  onReset: () => void;
}

export function ZooKeeperDigest({ value, isStored, readOnly, onChange, onReset }: Props) {
  const problem = digestProblem(value);
  return (
    <Field
      label="ZooKeeper digest"
      description="user:password, only where ZooKeeper does not let everybody read the masters’ znodes. Mesos leaves them readable."
      invalid={Boolean(problem)}
      error={problem}
    >
      <SecretInput
        id="mesos-zk-digest"
        aria-label="ZooKeeper digest"
        width={40}
        disabled={readOnly}
        placeholder="user:password"
        isConfigured={isStored}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        onReset={onReset}
      />
    </Field>
  );
}
