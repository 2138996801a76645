// User and password of ZooKeeper: shown with a zk:// address, or where one is stored.
import { Field, SecretInput } from '@grafana/ui';
import React from 'react';

import { digestProblem } from './validate';

interface Props {
  /** The typed value; the browser never gets a stored one. */
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
      description="user:password. Only needed where reading the masters’ znodes is restricted. Mesos leaves them readable for everybody."
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
