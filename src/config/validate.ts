// What is wrong with a setting, by the backend's rules (pkg/plugin/settings_keys.go),
// so that a mistake is shown beside its field and not only by Save & test.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Go's units, and Grafana's longer ones. M is a month there, so case matters.
const GO_UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR };
const GRAFANA_UNITS: Record<string, number> = { d: DAY, w: 7 * DAY, M: 30 * DAY, y: 365 * DAY };

/** Returns a duration like `15s`, `1h30m` or `7d` in milliseconds; undefined where it is none. */
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

/** Returns a size like `256MiB` or `1GiB` in bytes; undefined where it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)i?B$/.exec(text);
  return match ? Number(match[1]) * 1024 ** ' KMGT'.indexOf(match[2] || ' ') : undefined;
}

/** Returns what is wrong with a text that should be a duration, or undefined. */
export function notDuration(text: string, examples: string): string | undefined {
  return isDuration(text) ? undefined : `"${text}" is not a valid duration, for example ${examples}`;
}

/** Returns what is wrong with a duration of at least this many milliseconds, or undefined. */
export function durationProblem(text: string, least: number, leastText: string): string | undefined {
  const value = parseDuration(text);
  return value !== undefined && value < least
    ? `"${text}" is too short: at least ${leastText}`
    : notDuration(text, '15s, 10m or 7d');
}

/** Returns what is wrong with a size of at least this many bytes, or undefined. */
export function sizeProblem(text: string, least: number, leastText: string): string | undefined {
  const value = parseSize(text);
  if (value === undefined) {
    return `"${text}" is not a valid size, for example 256MiB or 1GiB`;
  }
  return value < least ? `"${text}" is too small: at least ${leastText}` : undefined;
}

/** Returns what is wrong with a whole number of at least `least`, or undefined. */
export function countProblem(value: number, least: number): string | undefined {
  if (!Number.isInteger(value)) {
    return `${value} is not a whole number, for example ${least}`;
  }
  return value < least ? `${value} is too small: at least ${least}` : undefined;
}

const ZK_SCHEME = /^zk:\/\//i;

/** Reports whether the masters are found through ZooKeeper. */
export function throughZooKeeper(masters: string[] = []): boolean {
  return masters.some((master) => ZK_SCHEME.test(master.trim()));
}

// Ends of a path that are Mesos' own, as in pkg/mesos/masters.go.
const ENDPOINT =
  /(\/master)?\/(state|state-summary|roles|tasks|slaves|frameworks|flags|version|health|redirect|metrics\/snapshot|system\/stats|stats|api\/v1|help)(\.json)?\/*$/;

/** Returns the addresses in one row: several are separated by commas or white space. */
function addressesIn(row: string): string[] {
  return row
    .trim()
    .split(/[\s,]+/)
    .filter(Boolean)
    .reduce<string[]>((found, word) => {
      const last = found.at(-1);
      // The servers of zk://host:port,host:port/path stay together.
      if (last !== undefined && ZK_SCHEME.test(last) && !last.slice(5).includes('/') && !word.includes('://')) {
        return [...found.slice(0, -1), `${last},${word}`];
      }
      return [...found, word];
    }, []);
}

/** Returns what is wrong with a row of the list of masters, or undefined. */
export function masterProblem(row: string): string | undefined {
  return addressesIn(row).map(addressProblem).find(Boolean); // an empty row is ignored
}

function addressProblem(address: string): string | undefined {
  if (ZK_SCHEME.test(address)) {
    return zooKeeperProblem(address);
  }
  if (address.includes('@')) {
    return 'The address has a user or password, which every Viewer could read: use basic authentication below';
  }
  const url = /^https?:\/\//.test(address) ? parseUrl(address) : undefined;
  if (!url) {
    return `"${address}" is not the address of a master, for example http://master1:5050`;
  }
  if (url.search || url.hash || /[?#]/.test(address)) {
    return `"${address}" has a query or fragment: end it with host and port, or with the path before a router’s master, for example https://dcos.example.com/mesos`;
  }
  const endpoint = ENDPOINT.exec(url.pathname)?.[0];
  if (endpoint) {
    return `"${address}" ends in ${endpoint}, which is an endpoint of Mesos: remove it, for example http://master1:5050`;
  }
  // The parser has resolved . and .. already.
  return /\/\/|\/(\.|%2e){1,2}(\/|$)/i.test(address.replace(/^https?:\/\/[^/]*/, ''))
    ? `"${address}" has a path with //, . or .. in it`
    : undefined;
}

const ZK_EXAMPLE = 'for example zk://zk1:2181,zk2:2181/mesos';

function zooKeeperProblem(address: string): string | undefined {
  if (address.includes('@')) {
    return 'The address has a user or password, which every Viewer could read: use the ZooKeeper digest below';
  }
  const [hosts, ...path] = address.replace(ZK_SCHEME, '').replace(/\/$/, '').split('/');
  if (path.length === 0) {
    return `"${address}" has no path: add that of the masters’ --zk, ${ZK_EXAMPLE}`;
  }
  if (path.some((name) => name === '' || name === '.' || name === '..' || /[?# \0]/.test(name))) {
    return `"/${path.join('/')}" is not a valid path of ZooKeeper, ${ZK_EXAMPLE}`;
  }
  const wrong = hosts.split(',').find((host) => !isHostPort(host.trim()));
  return wrong === undefined ? undefined : `"${wrong}" is not host:port, ${ZK_EXAMPLE}`;
}

function isHostPort(text: string): boolean {
  const match = /^(?:\[[\da-f:.%]+\]|[^:[\]]+):([1-9]\d*)$/i.exec(text);
  return match !== null && Number(match[1]) <= 65535;
}

/** Returns what is wrong with user:password of ZooKeeper, or undefined. It does not hold the secret. */
export function digestProblem(text: string): string | undefined {
  return text === '' || text.indexOf(':') > 0
    ? undefined
    : 'This is not user:password: write both, with a colon between them';
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Returns what is wrong with a list of masters, or undefined. */
export function mastersProblem(masters: string[] = []): string | undefined {
  const named = masters.flatMap(addressesIn);
  if (named.length > 1 && throughZooKeeper(named)) {
    return 'A zk:// address finds all masters: remove the other addresses';
  }
  return named.length > 0
    ? undefined
    : 'There is no master: write at least one address, for example http://master1:5050';
}

/** Returns what is wrong with a template for agents' addresses, or undefined. */
export function agentAddressProblem(text: string): string | undefined {
  if (!/^https?:\/\/[^/?#@]+(\/[^?#@]*)?$/.test(text)) {
    return `"${text}" is not an address, for example http://{hostname}:{port}; it has no user, query or fragment`;
  }
  const unknown = text.match(/\{[^{}]*\}/g)?.find((one) => !['{hostname}', '{ip}', '{port}', '{id}'].includes(one));
  if (unknown) {
    return `"${unknown}" is not known: use {hostname}, {ip}, {port} and {id}`;
  }
  return /\{(hostname|ip|id)\}/.test(text)
    ? undefined
    : `"${text}" is the same for all agents: use {hostname}, {ip} or {id} in it`;
}

/** Returns what is wrong with the address of Mesos' web UI, or undefined. A page behind # is left out. */
export function webUrlProblem(text: string): string | undefined {
  const example = 'for example https://mesos.example.com, or https://dcos.example.com/mesos';
  const address = text.replace(/#.*$/, '');
  const url = /^https?:\/\/[^/?]/i.test(address) ? parseUrl(address) : undefined;
  if (!url) {
    return `"${text}" is not an http or https address, ${example}`;
  }
  if (url.username || url.password) {
    return `The address has a user or password, which every Viewer could read: leave them out, ${example}`;
  }
  return address.includes('?') ? `"${text}" has a query, ${example}` : undefined;
}

// Set by the backend's HTTP client.
const CONNECTION_HEADERS = [
  ...['accept-encoding', 'connection', 'content-length', 'keep-alive', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
];

/** Returns what is wrong with one of the headers for agents, or undefined. */
export function headerProblem(names: string[], place: number): string | undefined {
  const name = names[place];
  if (!name) {
    return undefined; // an empty row is ignored
  }
  // A token: RFC 9110, section 5.6.2
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    return `"${name}" is not the name of an HTTP header, for example Authorization`;
  }
  if (CONNECTION_HEADERS.includes(name.toLowerCase())) {
    return `"${name}" is set by the HTTP client: remove it`;
  }
  const first = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
  return first < place ? `"${name}" is there twice: remove one` : undefined;
}
