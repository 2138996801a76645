// The settings page. `url` is not on it and stays empty: Grafana's own data
// source proxy would forward any request of anyone who may query to it, with
// the stored credentials.
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import {
  AdvancedHttpSettings,
  Auth,
  AuthMethod,
  ConfigSection,
  convertLegacyAuthProps,
  SecureSocksProxyToggle,
} from '@grafana/plugin-ui';
import { config } from '@grafana/runtime';
import { Alert, Box, Button, Divider, Field, SecretInput, Text } from '@grafana/ui';
import React from 'react';

import { AgentHeaders } from './AgentHeaders';
import { AGENTS, asksAgents, CLUSTER_NAME, COLLECTION, HISTORY, WEB_URL, type FieldSpec } from './fields';
import { FieldRow } from './FieldRow';
import { Masters } from './Masters';
import { Provisioning } from './Provisioning';
import { typedOptions } from './typed';
import type { MesosOptions, MesosSecureOptions } from './types';
import { throughZooKeeper } from './validate';
import { ZooKeeperDigest } from './ZooKeeperDigest';

export type Props = DataSourcePluginOptionsEditorProps<MesosOptions, MesosSecureOptions>;

// Stands for an empty url: Grafana does not store an empty one over another. Plugin.json's route goes there, too.
const NOWHERE = 'http://127.0.0.1:9';

export default function ConfigEditor({ options: stored, onOptionsChange }: Props) {
  const options = { ...stored, jsonData: typedOptions(stored.jsonData) };
  const { jsonData, readOnly } = options;

  const set = (key: keyof MesosOptions, value: unknown) => {
    onOptionsChange({ ...options, jsonData: withKey(jsonData, key, value) });
  };
  // An empty value removes a stored one.
  const setSecret = (key: keyof MesosSecureOptions, value: string) => onOptionsChange(withSecret(options, key, value));
  const rows = (fields: FieldSpec[]) =>
    fields.map((field) => (
      <FieldRow
        key={field.key}
        field={field}
        options={jsonData}
        readOnly={readOnly}
        onChange={(value) => set(field.key, value)}
      />
    ));

  return (
    <>
      {options.url && options.url !== NOWHERE && (
        <Alert severity="error" title="The field url must stay empty">
          <p>
            It is <code>{options.url}</code>. Through Grafana’s data source proxy, everybody who may query could send
            any request there with the stored credentials. List the masters below instead.
          </p>
          <Button
            type="button"
            size="sm"
            variant="secondary"
            disabled={readOnly}
            onClick={() => onOptionsChange({ ...options, url: NOWHERE })}
          >
            Clear url
          </Button>
        </Alert>
      )}

      <ConfigSection title="Cluster">
        <Masters masters={jsonData.masters} readOnly={readOnly} onChange={(masters) => set('masters', masters)} />
        {(throughZooKeeper(jsonData.masters) || options.secureJsonFields?.zkDigest) && (
          <ZooKeeperDigest
            value={options.secureJsonData?.zkDigest ?? ''}
            isStored={Boolean(options.secureJsonFields?.zkDigest)}
            readOnly={readOnly}
            onChange={(value) => setSecret('zkDigest', value)}
            onReset={() => setSecret('zkDigest', '')}
          />
        )}
        {rows([CLUSTER_NAME, WEB_URL])}
      </ConfigSection>
      <Divider />

      <Auth
        {...convertLegacyAuthProps({ config: options, onChange: onOptionsChange })}
        visibleMethods={[AuthMethod.NoAuth, AuthMethod.BasicAuth]}
      />
      <Text element="p" variant="bodySmall" color="secondary">
        These credentials are for the masters only; agents have their own. Everybody who may query this data source sees
        what its one Mesos principal may see. Nothing of a Grafana user is sent to Mesos.
      </Text>
      <Divider />

      <ConfigSection
        title="Collection"
        description="What is polled, and how often. The number of viewers does not matter."
      >
        {rows(COLLECTION)}
      </ConfigSection>
      <Divider />

      {asksAgents(jsonData) && (
        <>
          <ConfigSection
            title="Agents"
            description="How agents are queried for measured use and for logs of tasks. Only agents listed by the leader are queried."
          >
            {rows(AGENTS)}
            <Field label="Agent password" htmlFor="mesos-agentBasicAuthPassword" disabled={readOnly}>
              <SecretInput
                id="mesos-agentBasicAuthPassword"
                width={40}
                autoComplete="new-password"
                disabled={readOnly}
                isConfigured={Boolean(options.secureJsonFields?.agentBasicAuthPassword)}
                value={options.secureJsonData?.agentBasicAuthPassword ?? ''}
                onChange={(event) => setSecret('agentBasicAuthPassword', event.currentTarget.value)}
                onReset={() => setSecret('agentBasicAuthPassword', '')}
              />
            </Field>
            <AgentHeaders
              names={jsonData.agentHeaders}
              values={options.secureJsonData}
              stored={options.secureJsonFields}
              readOnly={readOnly}
              onNamesChange={(names) => set('agentHeaders', names)}
              onValueChange={setSecret}
              onRemove={(names, key) =>
                onOptionsChange({
                  ...withSecret(options, key, ''),
                  jsonData: withKey(jsonData, 'agentHeaders', names),
                })
              }
            />
          </ConfigSection>
          <Divider />
        </>
      )}

      <ConfigSection title="History" description="How long and where the collected values are kept.">
        {rows(HISTORY)}
      </ConfigSection>
      <Divider />

      <ConfigSection
        title="Additional settings"
        description="Of the HTTP client that asks the masters. Cookies of users are never sent to them."
        isCollapsible
        isInitiallyOpen={jsonData.timeout !== undefined}
      >
        <AdvancedHttpSettings
          // Its field is empty where there is no time-out; without a value it would keep what was typed last.
          config={{ ...options, jsonData: { ...jsonData, timeout: jsonData.timeout ?? '' } }}
          onChange={(changed) => onOptionsChange({ ...options, jsonData: withTimeout(changed.jsonData) })}
        />
        {config.secureSocksDSProxyEnabled && (
          <SecureSocksProxyToggle labelWidth={24} dataSourceConfig={options} onChange={onOptionsChange} />
        )}
      </ConfigSection>
      <Divider />

      <Box marginBottom={4}>
        <Provisioning settings={options} />
      </Box>
    </>
  );
}

function withSecret(options: Props['options'], key: keyof MesosSecureOptions, value: string): Props['options'] {
  return {
    ...options,
    secureJsonFields: { ...options.secureJsonFields, [key]: false },
    secureJsonData: { ...options.secureJsonData, [key]: value },
  };
}

// A key without a value is not stored, so that its default holds, also a later version's.
function withKey(jsonData: MesosOptions, key: keyof MesosOptions, value: unknown): MesosOptions {
  if (value !== undefined) {
    return { ...jsonData, [key]: value };
  }
  const { [key]: _old, ...rest } = jsonData;
  return rest;
}

// An emptied time-out comes as NaN, which JSON stores as null.
function withTimeout(jsonData: Omit<MesosOptions, 'timeout'> & { timeout?: unknown }): MesosOptions {
  const { timeout, ...rest } = jsonData;
  return typeof timeout === 'number' && !Number.isNaN(timeout) ? { ...rest, timeout } : rest;
}
