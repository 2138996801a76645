// What is right in a setting, as the backend reads it (pkg/plugin/settings.go):
// checked here too, so that a mistake shows beside its field and not only at
// Save & test.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Go's units, and Grafana's longer ones. M is a month there, so case matters.
const GO_UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR };
const GRAFANA_UNITS: Record<string, number> = { d: DAY, w: 7 * DAY, M: 30 * DAY, y: 365 * DAY };

/** A duration like `15s`, `1h30m` or `7d` in milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const long = /^(\d+)([dwMy])$/.exec(text);
  if (long) {
    return Number(long[1]) * GRAFANA_UNITS[long[2]];
  }
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  let sum = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(number) * GO_UNITS[unit];
  }
  return sum;
}

export function isDuration(text: string): boolean {
  return parseDuration(text) !== undefined;
}

/** A size like `256MiB` or `1GiB` in bytes; undefined where it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)i?B$/.exec(text);
  return match ? Number(match[1]) * 1024 ** ' KMGT'.indexOf(match[2] || ' ') : undefined;
}

/** Why a text is no duration of at least this many milliseconds; undefined where it is. */
export function durationProblem(text: string, least: number, leastText: string): string | undefined {
  const value = parseDuration(text);
  if (value === undefined) {
    return 'must be a duration like 15s, 10m or 7d';
  }
  return value < least ? `must be at least ${leastText}` : undefined;
}

/** Why a text is no size of at least this many bytes. */
export function sizeProblem(text: string, least: number, leastText: string): string | undefined {
  const value = parseSize(text);
  if (value === undefined) {
    return 'must be a size like 256MiB or 1GiB';
  }
  return value < least ? `must be at least ${leastText}` : undefined;
}

/** Why a number is not a whole one of at least least. */
export function countProblem(value: number, least: number): string | undefined {
  return Number.isInteger(value) && value >= least ? undefined : `must be a whole number of at least ${least}`;
}

const ZK_SCHEME = /^zk:\/\//i;

/** Whether ZooKeeper tells the masters. */
export function throughZooKeeper(masters: string[] = []): boolean {
  return masters.some((master) => ZK_SCHEME.test(master.trim()));
}

/** Why a text is no master's address, nor ZooKeeper's. */
export function masterProblem(text: string): string | undefined {
  const address = text.trim();
  if (address === '') {
    return undefined; // an empty row is ignored
  }
  if (ZK_SCHEME.test(address)) {
    return zooKeeperProblem(address);
  }
  if (address.includes('@')) {
    return 'must not hold a user and password, which every Viewer could read: use basic authentication below';
  }
  const url = /^https?:\/\//.test(address) ? parseUrl(address) : undefined;
  if (!url) {
    return 'must be an address like http://master1:5050';
  }
  return url.pathname !== '/' || url.search || url.hash ? 'must end with the host and port, without a path' : undefined;
}

const ZK_FORM = 'must be an address like zk://zk1:2181,zk2:2181/mesos';

function zooKeeperProblem(address: string): string | undefined {
  if (address.includes('@')) {
    return 'must not hold a user and password, which every Viewer could read: use the ZooKeeper digest below';
  }
  const [hosts, ...path] = address.replace(ZK_SCHEME, '').replace(/\/$/, '').split('/');
  if (path.length === 0) {
    return `${ZK_FORM}, with the path of the masters’ --zk`;
  }
  if (path.some((name) => name === '' || name === '.' || name === '..' || /[?# \0]/.test(name))) {
    return `${ZK_FORM}: /${path.join('/')} is no path of ZooKeeper`;
  }
  const wrong = hosts.split(',').find((host) => !isHostPort(host.trim()));
  return wrong === undefined ? undefined : `${ZK_FORM}: ${JSON.stringify(wrong)} is not host:port`;
}

function isHostPort(text: string): boolean {
  const match = /^(?:\[[\da-f:.%]+\]|[^:[\]]+):([1-9]\d*)$/i.exec(text);
  return match !== null && Number(match[1]) <= 65535;
}

/** Why a text is no user:password of ZooKeeper. */
export function digestProblem(text: string): string | undefined {
  return text === '' || text.indexOf(':') > 0 ? undefined : 'must be user:password, with a colon between them';
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Why a list of masters is not enough, or too much. */
export function mastersProblem(masters: string[] = []): string | undefined {
  const named = masters.filter((master) => master.trim() !== '');
  if (named.length > 1 && throughZooKeeper(named)) {
    return 'The address of ZooKeeper must stand alone: it tells all masters';
  }
  return named.length > 0 ? undefined : 'Name at least one master';
}

/** Why a text is no template for agents' addresses. */
export function agentAddressProblem(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@]+(\/[^?#@]*)?$/.test(text)) {
    return 'must be an address such as http://{hostname}:{port}, without a user, query or fragment';
  }
  const unknown = text.match(/\{[^{}]*\}/g)?.find((one) => !['{hostname}', '{ip}', '{port}', '{id}'].includes(one));
  if (unknown) {
    return `has ${unknown}: there are only {hostname}, {ip}, {port} and {id}`;
  }
  return /\{(hostname|ip|id)\}/.test(text)
    ? undefined
    : 'is the same for all agents: it needs {hostname}, {ip} or {id}';
}
