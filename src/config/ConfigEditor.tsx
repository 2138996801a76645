// The settings page. `url` is not on it and stays empty: Grafana's own data
// source proxy would forward any request of anyone who may query to it, with
// the stored credentials.
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { t, Trans } from '../i18n';
import { Auth, AuthMethod, ConfigSection, convertLegacyAuthProps, DataSourceDescription } from '@grafana/plugin-ui';
import { config } from '@grafana/runtime';
import { Alert, Box, Button, Divider, Field, Text } from '@grafana/ui';
import React from 'react';

import { useChecks } from './check';
import {
  AGENTS,
  asksAgents,
  COLLECTION,
  CONNECTION,
  FIELDS,
  type FieldSpec,
  HISTORY,
  isSet,
  LOGS,
  REMOTE,
  SOCKS_PROXY,
  TIMEOUT,
} from './fields';
import { FieldRow } from './FieldRow';
import { headerNames, withHeaderNames } from './headerNames';
import { agentHeaderTexts, Headers, mastersHeaderTexts } from './Headers';
import { Masters } from './Masters';
import { Provisioning } from './Provisioning';
import { Secret, SecretText } from './Secret';
import { Section } from './Section';
import { TestReport } from './TestReport';
import { throughZooKeeper, typedOptions } from './typed';
import type { MesosOptions, MesosSecureOptions } from './types';
import { ZooKeeperDigest } from './ZooKeeperDigest';

export type Props = DataSourcePluginOptionsEditorProps<MesosOptions, MesosSecureOptions>;

// Stands for an empty url: Grafana does not store an empty one over another. Plugin.json's route goes there, too.
const NOWHERE = 'http://127.0.0.1:9';

const KEYS = new Set<string>([...FIELDS.map(({ key }) => key), 'masters', 'agentHeaders']);

const PEM = '-----BEGIN CERTIFICATE-----';

/** The place of the user, which the secrets follow. */
const userOfRemote = REMOTE.findIndex(({ key }) => key === 'remoteBasicAuthUser');

const REMOTE_SECRETS = ['remoteBasicAuthPassword', 'remoteBearerToken', 'remoteTlsCACert'] as const;

/** Reports whether a key of jsonData is on the page. */
const isOnPage = (key: string) => KEYS.has(key) || key.startsWith('httpHeaderName');

export default function ConfigEditor({ options: stored, onOptionsChange }: Props) {
  const options = { ...stored, jsonData: typedOptions(stored.jsonData) };
  const { jsonData, readOnly, secureJsonData, secureJsonFields } = options;
  const checks = useChecks(options.uid, jsonData);

  const setOptions = (next: MesosOptions) => onOptionsChange({ ...options, jsonData: next });
  const set = (key: keyof MesosOptions, value: unknown) => setOptions(withKey(jsonData, key, value));
  // An empty value removes a stored one.
  const setSecret = (key: keyof MesosSecureOptions, value: string) => onOptionsChange(withSecret(options, key, value));
  const agentHeaders = (names: string[]) => withKey(jsonData, 'agentHeaders', names.length > 0 ? names : undefined);
  const rows = (fields: FieldSpec[]) =>
    fields.map((field) => (
      <FieldRow
        key={field.key}
        field={field}
        options={jsonData}
        problem={checks.problemOf(field.key)}
        readOnly={readOnly}
        onChange={(value) => set(field.key, value)}
      />
    ));
  /** How a section with these fields is drawn. */
  const section = (fields: FieldSpec[], alsoSet = false, alsoWrong = false) => ({
    open: isSet(fields, jsonData) || alsoSet,
    wrong: fields.some(({ key }) => checks.problemOf(key)) || alsoWrong,
  });
  const agentHeaderNames = Array.isArray(jsonData.agentHeaders) ? jsonData.agentHeaders : [];
  const advanced = config.secureSocksDSProxyEnabled ? [TIMEOUT, SOCKS_PROXY] : [TIMEOUT];
  const others = checks.others(isOnPage);

  return (
    <div onBlur={checks.onLeave}>
      <DataSourceDescription
        dataSourceName="Apache Mesos"
        docsLink={`${config.appSubUrl ?? ''}/plugins/community-mesos-datasource`}
      />
      <Divider />

      {options.url && options.url !== NOWHERE && (
        <Alert severity="error" title={t('config.url.title', 'The field url must stay empty')}>
          <p>
            <Trans i18nKey="config.url.text" values={{ url: options.url }}>
              It is <code>{'{{url}}'}</code>. Through Grafana’s data source proxy, everybody who may query could send
              any request there with the stored credentials. List the masters below instead.
            </Trans>
          </p>
          <Button
            type="button"
            size="sm"
            variant="secondary"
            disabled={readOnly}
            onClick={() => onOptionsChange({ ...options, url: NOWHERE })}
          >
            {t('config.url.clear', 'Clear url')}
          </Button>
        </Alert>
      )}
      {others.length > 0 && (
        <Alert severity="warning" title={t('config.others.title', 'Settings that are not on this page')}>
          <ul>
            {others.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Alert>
      )}

      <ConfigSection title={t('config.connection.title', 'Connection')}>
        <Masters
          masters={jsonData.masters}
          problemOf={(row) => checks.problemOf('masters', row)}
          readOnly={readOnly}
          onChange={(masters) => set('masters', masters)}
        />
        {(throughZooKeeper(jsonData.masters) || jsonData.replicas || secureJsonFields?.zkDigest) && (
          <ZooKeeperDigest
            value={secureJsonData?.zkDigest ?? ''}
            isStored={Boolean(secureJsonFields?.zkDigest)}
            readOnly={readOnly}
            onChange={(value) => setSecret('zkDigest', value)}
          />
        )}
        {rows(CONNECTION)}
      </ConfigSection>
      <Divider />

      <Auth
        {...convertLegacyAuthProps({ config: options, onChange: onOptionsChange })}
        // A list of our own: that of @grafana/plugin-ui gives a header the stored value of another one when one is removed.
        customHeaders={undefined}
        visibleMethods={[AuthMethod.NoAuth, AuthMethod.BasicAuth]}
        selectedMethod={options.basicAuth ? AuthMethod.BasicAuth : AuthMethod.NoAuth}
        onAuthMethodSelect={(method) => onOptionsChange({ ...options, basicAuth: method === AuthMethod.BasicAuth })}
      />
      <Box marginTop={2}>
        <Headers
          id="mesos-headers"
          texts={mastersHeaderTexts()}
          names={headerNames(jsonData)}
          keyOf={(place) => `httpHeaderValue${place + 1}`}
          values={secureJsonData}
          stored={secureJsonFields}
          problemOf={(place) => checks.problemOf(`httpHeaderName${place + 1}`)}
          readOnly={readOnly}
          onNamesChange={(names) => setOptions(withHeaderNames(jsonData, names))}
          onValueChange={setSecret}
          onRemove={(names, key) =>
            onOptionsChange({ ...withSecret(options, key, ''), jsonData: withHeaderNames(jsonData, names) })
          }
        />
      </Box>
      <Text element="p" variant="bodySmall" color="secondary">
        {t(
          'config.authentication.note',
          'These credentials are for the masters only; agents have their own. Everybody who may query this data source sees what its one Mesos principal may see. Nothing of a Grafana user is sent to Mesos.'
        )}
      </Text>
      <Divider />

      <Section
        title={t('config.collection.title', 'Collection')}
        description={t(
          'config.collection.description',
          'What is polled, and how often. The number of viewers does not matter.'
        )}
        {...section(COLLECTION)}
      >
        {rows(COLLECTION)}
      </Section>

      <Section
        title={t('config.agents.title', 'Agents')}
        description={t(
          'config.agents.description',
          'How agents are queried for measured use and for logs of tasks. Only agents listed by the leader are queried.'
        )}
        {...section(
          AGENTS,
          asksAgents(jsonData) || agentHeaderNames.length > 0 || Boolean(secureJsonFields?.agentBasicAuthPassword),
          agentHeaderNames.some((_, place) => checks.problemOf('agentHeaders', place))
        )}
      >
        {rows(AGENTS)}
        <Field label={t('config.agent-password.label', 'Agent password')} htmlFor="mesos-agentBasicAuthPassword">
          <Secret
            id="mesos-agentBasicAuthPassword"
            value={secureJsonData?.agentBasicAuthPassword ?? ''}
            isStored={Boolean(secureJsonFields?.agentBasicAuthPassword)}
            readOnly={readOnly}
            onChange={(value) => setSecret('agentBasicAuthPassword', value)}
          />
        </Field>
        <Headers
          id="mesos-agent-headers"
          texts={agentHeaderTexts()}
          names={agentHeaderNames}
          keyOf={(place) => `agentHeaderValue${place + 1}`}
          values={secureJsonData}
          stored={secureJsonFields}
          problemOf={(place) => checks.problemOf('agentHeaders', place)}
          readOnly={readOnly}
          onNamesChange={(names) => setOptions(agentHeaders(names))}
          onValueChange={setSecret}
          onRemove={(names, key) => onOptionsChange({ ...withSecret(options, key, ''), jsonData: agentHeaders(names) })}
        />
      </Section>

      <Section
        title={t('config.history.title', 'History')}
        description={t('config.history.description', 'How long and where the collected values are kept.')}
        {...section(HISTORY)}
      >
        {rows(HISTORY)}
      </Section>

      <Section
        title={t('config.remote.title', 'Remote engine')}
        description={t(
          'config.remote.description',
          'Where the engine Remote writes and reads history. Its credentials are for it alone.'
        )}
        {...section(
          REMOTE,
          jsonData.engine === 'remote' || REMOTE_SECRETS.some((key) => Boolean(secureJsonFields?.[key]))
        )}
      >
        {rows(REMOTE.slice(0, userOfRemote + 1))}
        <Field label={t('config.remote-password.label', 'Remote password')} htmlFor="mesos-remoteBasicAuthPassword">
          <Secret
            id="mesos-remoteBasicAuthPassword"
            value={secureJsonData?.remoteBasicAuthPassword ?? ''}
            isStored={Boolean(secureJsonFields?.remoteBasicAuthPassword)}
            readOnly={readOnly}
            onChange={(value) => setSecret('remoteBasicAuthPassword', value)}
          />
        </Field>
        <Field
          label={t('config.remote-token.label', 'Bearer token')}
          description={t('config.remote-token.description', 'In place of a user and password.')}
          htmlFor="mesos-remoteBearerToken"
        >
          <Secret
            id="mesos-remoteBearerToken"
            value={secureJsonData?.remoteBearerToken ?? ''}
            isStored={Boolean(secureJsonFields?.remoteBearerToken)}
            readOnly={readOnly}
            onChange={(value) => setSecret('remoteBearerToken', value)}
          />
        </Field>
        <Field
          label={t('config.remote-ca.label', 'CA certificate')}
          description={t(
            'config.remote-ca.description',
            'In PEM, where the remote engine has a certificate of your own.'
          )}
          htmlFor="mesos-remoteTlsCACert"
        >
          <SecretText
            id="mesos-remoteTlsCACert"
            placeholder={PEM}
            value={secureJsonData?.remoteTlsCACert ?? ''}
            isStored={Boolean(secureJsonFields?.remoteTlsCACert)}
            readOnly={readOnly}
            onChange={(value) => setSecret('remoteTlsCACert', value)}
          />
        </Field>
        {rows(REMOTE.slice(userOfRemote + 1))}
      </Section>

      <Section
        title={t('config.logs.title', 'Logs')}
        description={t('config.logs.description', 'Who may read what tasks write.')}
        {...section(LOGS)}
      >
        {rows(LOGS)}
      </Section>

      <Section
        title={t('config.advanced.title', 'Advanced')}
        description={t(
          'config.advanced.description',
          'Of the HTTP client that asks the masters. Cookies of users are never sent to them.'
        )}
        {...section(advanced)}
      >
        {rows(advanced)}
      </Section>

      <Provisioning settings={options} />
      <TestReport uid={options.uid} />
    </div>
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
