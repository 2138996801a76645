import {
  countProblem,
  digestProblem,
  durationProblem,
  headerProblem,
  masterProblem,
  mastersProblem,
  parseDuration,
  parseSize,
  sizeProblem,
} from './validate';

it.each([
  ['15s', 15_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['1M', 2_592_000_000],
  ['15', undefined],
  ['15 s', undefined],
  ['1d12h', undefined],
  ['soon', undefined],
  ['', undefined],
])('duration %j', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it.each([
  ['256MiB', 268_435_456],
  ['1GiB', 1_073_741_824],
  ['1GB', 1_073_741_824],
  ['1.5KiB', 1536],
  ['100B', 100],
  ['256', undefined],
  ['256 MiB', undefined],
  ['256mib', undefined],
])('size %j', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it('names the least that is allowed', () => {
  expect(durationProblem('5s', 10_000, '10s')).toBe('"5s" is too short: at least 10s');
  expect(durationProblem('10s', 10_000, '10s')).toBeUndefined();
  expect(durationProblem('x', 10_000, '10s')).toBe('"x" is not a valid duration, for example 15s, 10m or 7d');
  expect(sizeProblem('1MiB', 16 * 1024 ** 2, '16MiB')).toBe('"1MiB" is too small: at least 16MiB');
  expect(sizeProblem('lots', 0, '')).toBe('"lots" is not a valid size, for example 256MiB or 1GiB');
  expect(countProblem(999, 1000)).toBe('999 is too small: at least 1000');
  expect(countProblem(1000.5, 1000)).toBe('1000.5 is not a whole number, for example 1000');
  expect(countProblem(1000, 1000)).toBeUndefined();
});

it.each([
  ['http://master1:5050', undefined],
  ['https://mesos.example.com', undefined],
  ['http://10.0.0.1:5050/', undefined],
  ['http://[::1]:5050', undefined],
  ['', undefined],
  ['master1:5050', 'is not the address of a master'],
  ['ftp://master1', 'is not the address of a master'],
  ['http://', 'is not the address of a master'],
  ['http://user:secret@master1:5050', 'basic authentication'],
  ['https://dcos.example.com/mesos', undefined],
  ['https://dcos.example.com/service/a%2Fb/', undefined],
  ['http://master1:5050,http://master2:5050', undefined],
  ['http://master1:5050, http://master2', undefined],
  ['http://master1:5050, master2:5050', '"master2:5050" is not the address of a master'],
  ['zk://zk1:2181, zk2:2181/mesos', undefined],
  ['http://master1:5050/state', 'ends in /state, which is an endpoint of Mesos'],
  ['https://dcos.example.com/mesos/master/state.json', 'ends in /master/state.json'],
  ['http://master1:5050?x=1', 'has a query or fragment'],
  ['https://dcos.example.com/mesos/#/agents', 'has a query or fragment'],
  ['https://dcos.example.com/a/../b', 'has a path with //, . or ..'],
  ['https://dcos.example.com/%2e%2e', 'has a path with //, . or ..'],
  ['https://dcos.example.com/a//b', 'has a path with //, . or ..'],
  ['zk://zk1:2181/mesos', undefined],
  [' ZK://zk1:2181,[::1]:2182/mesos/prod/ ', undefined],
  ['zk://zk1:2181', 'has no path: add that of the masters’ --zk'],
  ['zk://zk1:2181/', 'has no path'],
  ['zk://zk1:2181/a//b', 'is not a valid path of ZooKeeper'],
  ['zk://zk1:2181/a/../b', 'is not a valid path of ZooKeeper'],
  ['zk://zk1:2181/mesos?x', 'is not a valid path of ZooKeeper'],
  ['zk://zk1/mesos', '"zk1" is not host:port'],
  ['zk://zk1:2181,/mesos', '"" is not host:port'],
  ['zk://zk1:0/mesos', 'is not host:port'],
  ['zk://zk1:70000/mesos', 'is not host:port'],
  ['zk://user:secret@zk1:2181/mesos', 'use the ZooKeeper digest'],
])('master %j', (address, problem) => {
  const found = masterProblem(address);
  if (problem) {
    expect(found).toContain(problem);
  } else {
    expect(found).toBeUndefined();
  }
});

it('wants one master at least', () => {
  expect(mastersProblem([])).toContain('There is no master');
  expect(mastersProblem(['', ' '])).toContain('There is no master');
  expect(mastersProblem(['', 'http://master1:5050'])).toBeUndefined();
  expect(mastersProblem(['', 'zk://zk1:2181/mesos'])).toBeUndefined();
  expect(mastersProblem(['zk://zk1:2181,zk2:2181/mesos'])).toBeUndefined();
  expect(mastersProblem(['http://master1:5050, zk://zk1:2181/mesos'])).toContain('remove the other addresses');
  expect(mastersProblem(['http://master1:5050', 'zk://zk1:2181/mesos'])).toContain('remove the other addresses');
});

it.each([
  ['', undefined],
  ['mesos:secret', undefined],
  ['mesos:with:colons', undefined],
  ['secret', 'is not user:password'],
  [':secret', 'is not user:password'],
])('digest %j', (digest, problem) => {
  const found = digestProblem(digest);
  if (problem) {
    expect(found).toContain(problem);
    expect(found).not.toContain('secret');
  } else {
    expect(found).toBeUndefined();
  }
});

it.each([
  [['Authorization', ''], 0, undefined],
  [['Authorization', ''], 1, undefined],
  [['X Id'], 0, 'is not the name of an HTTP header'],
  [['Transfer-Encoding'], 0, 'is set by the HTTP client'],
  [['X-Id', 'x-id'], 0, undefined],
  [['X-Id', 'x-id'], 1, 'is there twice'],
])('header %j, place %j', (names, place, problem) => {
  const found = headerProblem(names, place);
  if (problem) {
    expect(found).toContain(problem);
  } else {
    expect(found).toBeUndefined();
  }
});

it('does not repeat a secret that was typed into the wrong field', () => {
  for (const address of ['http://user:secret@master1:5050', 'zk://user:secret@zk1:2181/mesos']) {
    expect(masterProblem(address)).not.toContain('secret');
  }
});
