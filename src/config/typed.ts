// Settings in the types that the editor works with. Provisioning and other tools deliver texts ("true", "300000", one
// text for a list) and numbers for texts; the backend takes them for what they say (pkg/plugin/settings_values.go), and so
// does the editor. What it cannot understand stays as it is, and its field says so.
import type { MesosOptions } from './types';

type Json = Record<string, unknown>;

const LISTS = ['taskLabels', 'agentHeaders', 'keepCookies'];
const NUMBERS = ['maxSeries', 'timeout'];
const SWITCHES = [
  'agentStatistics',
  ...[
    'tlsAuth',
    'tlsAuthWithCACert',
    'tlsSkipVerify',
    'enableSecureSocksProxy',
    'oauthPassThru',
    'basicAuth',
    'sigV4Auth',
  ],
];
const TEXTS = [
  ...['clusterName', 'pollInterval', 'taskSeries', 'idleTimeout', 'agentAddress', 'agentBasicAuthUser', 'agentHosts'],
  ...['subscribe', 'sandboxLogs', 'webUrl', 'engine', 'memoryLimit', 'retention', 'serverName'],
  ...['remoteUrl', 'remoteWriteUrl', 'remoteTenant', 'remoteBasicAuthUser', 'replicas'],
];

const WORDS: Record<string, boolean> = {
  ...{ true: true, t: true, yes: true, y: true, on: true, '1': true },
  ...{ false: false, f: false, no: false, n: false, off: false, '0': false },
};

/** Returns settings whose values have the types of MesosOptions, where they can be understood. */
export function typedOptions(jsonData: MesosOptions): MesosOptions {
  const typed: Json = { ...(jsonData as Json) };
  const change = (keys: string[], to: (value: unknown) => unknown) => {
    for (const key of keys) {
      if (typed[key] !== undefined && typed[key] !== null) {
        typed[key] = to(typed[key]);
      }
    }
  };
  change(['masters'], (value) => (typeof value === 'string' ? (jsonList(value) ?? [value]) : listOf(value)));
  change(LISTS, listOf);
  change(NUMBERS, numberOf);
  change(SWITCHES, switchOf);
  change(TEXTS, (value) => (typeof value === 'number' ? String(value) : value)); // not trimmed: it may be being typed
  return typed as MesosOptions;
}

/** Reports whether the masters are found through ZooKeeper. */
export function throughZooKeeper(masters: MesosOptions['masters']): boolean {
  return Array.isArray(masters) && masters.some((master) => /^\s*zk:\/\//i.test(master));
}

/** Returns the entries of a list, or of one text with commas, as texts. */
function listOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(String);
  }
  if (typeof value !== 'string') {
    return typeof value === 'number' ? [String(value)] : value;
  }
  const text = value.trim();
  return jsonList(text) ?? (text === '' ? [] : text.split(',').map((entry) => entry.trim()));
}

function jsonList(text: string): string[] | undefined {
  if (!text.trim().startsWith('[')) {
    return undefined;
  }
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(String) : undefined;
  } catch {
    return undefined;
  }
}

function numberOf(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') {
    return value === '' ? undefined : value;
  }
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function switchOf(value: unknown): unknown {
  return WORDS[String(value).trim().toLowerCase()] ?? (value === '' ? undefined : value);
}
