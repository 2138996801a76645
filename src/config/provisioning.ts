// The settings as a provisioning file. Secrets are not in it: the browser does
// not have them.
import type { DataSourceSettings } from '@grafana/data';

import type { MesosOptions, MesosSecureOptions } from './types';

type Settings = DataSourceSettings<MesosOptions, MesosSecureOptions>;
type Value = string | number | boolean | Value[] | { [key: string]: Value };

// Written by Grafana itself.
const NOT_OURS = ['pdcInjected'];

/** Returns YAML for provisioning/datasources/. Each secret is an environment variable of Grafana's server. */
export function provisioningYaml(settings: Settings): string {
  const { name, uid, type, isDefault, basicAuth, basicAuthUser, jsonData } = settings;
  const source: Record<string, Value> = {
    name,
    uid,
    type,
    access: 'proxy',
    ...(isDefault ? { isDefault } : {}),
    ...(basicAuth ? { basicAuth, basicAuthUser } : {}),
    jsonData: stored(jsonData),
  };
  const secrets = secretKeys(settings);
  const lines = [
    'apiVersion: 1',
    'datasources:',
    ...item(mapLines(source)).map(indent),
    ...(secrets.length > 0
      ? [
          '    # environment variables of Grafana’s server',
          '    secureJsonData:',
          ...secrets.map((key) => `      ${key}: $${environmentName(key)}`),
        ]
      : []),
  ];
  return lines.join('\n') + '\n';
}

/** Returns the keys of secrets that are stored or typed. */
function secretKeys({ secureJsonFields, secureJsonData }: Settings): string[] {
  const keys = [
    ...Object.entries(secureJsonFields ?? {}).flatMap(([key, set]) => (set ? [key] : [])),
    ...Object.entries(secureJsonData ?? {}).flatMap(([key, value]) => (value ? [key] : [])),
  ];
  return [...new Set(keys)].sort();
}

/** `basicAuthPassword` -> `MESOS_BASIC_AUTH_PASSWORD`. */
function environmentName(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z])([A-Z][a-z])/g, '$1_$2');
  return `MESOS_${words.toUpperCase()}`;
}

function stored(jsonData: MesosOptions): Record<string, Value> {
  const entries = Object.entries(jsonData as Record<string, Value | null | undefined>);
  const kept: Record<string, Value> = {};
  for (const [key, value] of entries) {
    if (value !== undefined && value !== null && value !== '' && !NOT_OURS.includes(key)) {
      kept[key] = key === 'masters' && Array.isArray(value) ? value.filter((master) => master !== '') : value;
    }
  }
  return kept;
}

function mapLines(map: Record<string, Value>): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (Array.isArray(value)) {
      return value.length > 0
        ? [`${key}:`, ...value.flatMap((one) => item([scalar(one)])).map(indent)]
        : [`${key}: []`];
    }
    if (typeof value === 'object') {
      const lines = mapLines(value);
      return lines.length > 0 ? [`${key}:`, ...lines.map(indent)] : [`${key}: {}`];
    }
    return [`${key}: ${scalar(value)}`];
  });
}

function item([first, ...rest]: string[]): string[] {
  return [`- ${first}`, ...rest.map(indent)];
}

function indent(line: string): string {
  return `  ${line}`;
}

// A text that YAML would read as another type, or that has characters with a meaning in YAML, is quoted; JSON's quoting is
// valid YAML. Grafana replaces $NAME in provisioning files, and $$ by $.
function scalar(value: Value): string {
  if (typeof value !== 'string') {
    return JSON.stringify(value);
  }
  const text = value.replace(/\$/g, '$$$$');
  const plain = /^[A-Za-z0-9_/][A-Za-z0-9_./:@%+-]*$/.test(text) && !text.endsWith(':');
  const other = /^(true|false|yes|no|on|off|null|y|n|[\d.,_:+-]+(e[+-]?\d+)?|0x[\da-f]+|0o[0-7]+)$/i.test(text);
  return plain && !other ? text : JSON.stringify(text);
}
