// User and password of ZooKeeper: shown with a zk:// address, or where one is stored.
import { t } from '../i18n';
import { Field } from '@grafana/ui';
import React, { useState } from 'react';

import { Secret } from './Secret';
import { digestProblem } from './secrets';

interface Props {
  /** The typed value; the browser never gets a stored one. */
  value: string;
  isStored: boolean;
  readOnly?: boolean;
  /** Is called with '' where the stored value is to be removed. */
  onChange: (value: string) => void;
}

export function ZooKeeperDigest({ value, isStored, readOnly, onChange }: Props) {
  const [left, setLeft] = useState('');
  const problem = left === value ? digestProblem(value) : undefined;
  return (
    <div onBlur={() => setLeft(value)}>
      <Field
        label={t('config.zk-digest.label', 'ZooKeeper digest')}
        description={t(
          'config.zk-digest.description',
          'user:password. Only needed where reading the masters’ znodes is restricted. Mesos leaves them readable for everybody. With Replicas: set it where others use the ZooKeeper, since who may write the znode decides who polls and which cluster is shown.'
        )}
        htmlFor="mesos-zkDigest"
        invalid={Boolean(problem)}
        error={problem && <span id="mesos-zkDigest-problem">{problem}</span>}
      >
        <Secret
          id="mesos-zkDigest"
          aria-label={t('config.zk-digest.label', 'ZooKeeper digest')}
          aria-invalid={Boolean(problem)}
          aria-describedby={problem ? 'mesos-zkDigest-problem' : undefined}
          placeholder={t('config.zk-digest.placeholder', 'user:password')}
          value={value}
          isStored={isStored}
          readOnly={readOnly}
          onChange={onChange}
        />
      </Field>
    </div>
  );
}
