/**
 * What older Mesos served, as a table: the pages there are, what a master that does not lead answers, the keys of each thing,
 * how JSON is written. Everything is from Mesos' own source at the tag of `version`; `source` names the function. What these
 * versions had and the simulator has not (other pages, `executors` of 0.22's agents) is left out.
 *
 * A key that the current version has too is copied from what that would serve; `made` of reshape.ts has the others.
 */

/** The versions that can be simulated, by `--mesos` and `Plan.mesos`. */
export const VERSIONS = ['0.19', '0.22', '0.28', '1.4', '1.12'] as const;

export type Version = (typeof VERSIONS)[number];

/** Returns the version that an option `--mesos` names. */
export function versionOf(text: string): Version {
  const version = VERSIONS.find((one) => one === text);
  if (version === undefined) {
    throw new Error(`--mesos ${text}: expected ${VERSIONS.join(', ')}`);
  }
  return version;
}

/** The things in answers. */
export type Thing =
  | ('head' | 'agent' | 'recovered' | 'framework' | 'task' | 'status' | 'container_status')
  | ('executor' | 'offer' | 'role' | 'container' | 'statistics');

/** How /files answers. */
export interface Files {
  /** Whether the latest sandbox of an executor has a path of its own: its directory's, or a virtual one that tells no agent. */
  latest: 'none' | 'directory' | 'virtual';
  /** What an offset below -1 is: a failed seek (500), or a bad request (400). */
  negative: 'seek' | 'bad request';
  /** What `offset` is in the answer to an offset behind the end. */
  behind: 'size' | 'asked';
  /** How times and sizes are written. */
  times: 'integers' | 'doubles';
}

/** Those of the current version (src/files/files.cpp; src/slave/paths.cpp, getExecutorVirtualPath()). */
export const FILES: Files = { latest: 'virtual', negative: 'bad request', behind: 'asked', times: 'doubles' };

/** Those of 0.19 to 0.28: src/files/files.cpp, FilesProcess::read(); src/slave/slave.cpp, Framework::launchExecutor(). */
const OLD_FILES: Files = { latest: 'none', negative: 'seek', behind: 'size', times: 'integers' };

export interface Shape {
  /** As `version` of /state has it. */
  version: string;
  /** The commit of the tag. */
  sha: string;
  /** Pages by path, and the page of the current version each is made from. */
  masterPages: Record<string, string>;
  agentPages: Record<string, string>;
  /** What a page about the cluster is where a master does not lead: `empty` 200 with nothing in it, or a redirect. */
  follower: 'empty' | 'redirect';
  /** What is before `//host:port` in Location of /redirect. */
  scheme: '' | 'http:';
  /** What /redirect of a master that knows no leader is: a redirect to itself, or 503. */
  leaderless: 'itself' | 503;
  /** Whole doubles: `3` or `3.0`. */
  wholeDoubles: 'integers' | 'points';
  /** The keys of each thing; those in brackets are not in every one. */
  keys: Record<Thing, string[]>;
  /** The keys of an agent's own /state, of a framework and of an executor there. */
  agentState: { head: string[]; framework: string[]; executor: string[] };
  files: Files;
  /** Scalars that every object of resources has. */
  scalars: string[];
  /** Whether revocable resources are known. */
  revocable: boolean;
  /** A framework has one role, `role`, or several, `roles`; only then tasks and executors say theirs. */
  roles: 'one' | 'several';
  /** What /roles says of quota. */
  quota: 'nothing' | 'guarantee';
  /** Whether `*` is listed in /roles whoever uses it. */
  defaultRole: boolean;
  /** Whether an agent that does not answer is `unreachable` and may come back. Otherwise it is removed, its tasks are lost. */
  partitions: boolean;
  /** Capabilities of frameworks that are known. */
  capabilities: string[];
  /** Capabilities of its agents. */
  agentCapabilities: string[];
  /** Names of flags, of those that the recorded master has; `now=then` where the name was another. */
  flags: string[];
  /** mem_rss_bytes of cgroups is memory.usage_in_bytes, page cache included. */
  rssIsUsage: boolean;
}

const HEAD = [
  ...['version', 'git_sha', 'git_tag', 'build_date', 'build_time', 'build_user', 'start_time', 'elected_time'],
  ...['id', 'pid', 'hostname', 'activated_slaves', 'deactivated_slaves'],
];
const COUNTERS = ['staged_tasks', 'started_tasks', 'finished_tasks', 'killed_tasks', 'failed_tasks', 'lost_tasks'];
const HEAD_END = ['leader', 'cluster', 'log_dir', 'flags', 'slaves'];
const LISTS = ['frameworks', 'completed_frameworks', 'orphan_tasks', 'unregistered_frameworks'];
const FRAMEWORK_SUMMARY = [
  'id',
  'name',
  'pid',
  'used_resources',
  'offered_resources',
  'capabilities',
  'hostname',
  'webui_url',
];
const TASK = ['id', 'name', 'framework_id', 'executor_id', 'slave_id', 'state', 'resources'];
const CPU = ['cpus_user_time_secs', 'cpus_system_time_secs', 'cpus_limit', 'cpus_nr_periods', 'cpus_nr_throttled'];
const STATISTICS = ['timestamp', ...CPU, 'cpus_throttled_time_secs', 'mem_rss_bytes', 'mem_limit_bytes'];
const CONTAINER = ['framework_id', 'executor_id', 'executor_name', 'source', 'statistics'];
const MEMORY = [
  ...['processes', 'threads', 'mem_total_bytes', 'mem_soft_limit_bytes', 'mem_file_bytes', 'mem_anon_bytes'],
  ...['mem_cache_bytes', 'mem_mapped_file_bytes', 'mem_swap_bytes', 'mem_unevictable_bytes'],
  ...['mem_low_pressure_counter', 'mem_medium_pressure_counter', 'mem_critical_pressure_counter'],
];

/** What a version's agent tells in /state; what only the oldest do, counters of tasks, is left out. */
const AGENT_HEAD = [
  ...['version', 'git_sha', 'git_tag', 'build_date', 'build_time', 'build_user', 'start_time', 'id', 'pid', 'hostname'],
  ...['resources', 'attributes', 'master_hostname', 'log_dir', 'frameworks', 'completed_frameworks', 'flags'],
];
const AGENT_FRAMEWORK = ['id', 'name', 'user', 'failover_timeout', 'checkpoint', 'hostname'];
const EXECUTORS = ['executors', 'completed_executors'];
const AGENT_EXECUTOR = ['id', 'name', 'source', 'container', 'directory', 'resources'];
const AGENT_TASKS = ['tasks', 'queued_tasks', 'completed_tasks'];

/** Those of 0.19 to 0.28 (src/slave/http.cpp, Slave::Http::state(), model(const Framework&), model(const Executor&)). */
const OLD_AGENT_STATE: Shape['agentState'] = {
  head: AGENT_HEAD,
  framework: [...AGENT_FRAMEWORK, 'role', ...EXECUTORS],
  executor: [...AGENT_EXECUTOR, ...AGENT_TASKS],
};

const FLAGS = [
  ...[
    'allocation_interval',
    'authenticators',
    'cluster',
    'framework_sorter',
    'help',
    'hostname',
    'log_auto_initialize',
  ],
  ...['initialize_driver_logging', 'log_dir', 'logbufsecs', 'logging_level', 'port', 'quiet', 'quorum', 'registry'],
  ...['registry_fetch_timeout', 'registry_store_timeout', 'registry_strict', 'root_submissions', 'version'],
  ...['webui_dir', 'work_dir', 'zk_session_timeout'],
];
const LATER_FLAGS = [
  ...['allocator', 'authorizers', 'hostname_lookup', 'http_authenticators', 'max_completed_frameworks'],
  'max_completed_tasks_per_framework',
];

/** Those of 0.28 and 1.4. */
const PAGES: Pick<Shape, 'masterPages' | 'agentPages'> = {
  // src/master/master.cpp, Master::initialize(); src/version/version.cpp
  masterPages: {
    '/state': '/state',
    '/state.json': '/state',
    '/roles': '/roles',
    '/roles.json': '/roles',
    '/flags': '/flags',
    '/metrics/snapshot': '/metrics/snapshot',
    '/system/stats.json': '/system/stats.json',
    '/version': '/version',
    '/health': '/health',
    '/redirect': '/redirect',
    '/': '/',
  },
  // src/slave/slave.cpp, Slave::initialize(); src/slave/monitor.cpp; src/files/files.cpp, with .json until 1.7
  agentPages: {
    '/state': '/state',
    '/state.json': '/state',
    '/monitor/statistics': '/monitor/statistics',
    '/monitor/statistics.json': '/monitor/statistics',
    '/files/browse': '/files/browse',
    '/files/browse.json': '/files/browse',
    '/files/read': '/files/read',
    '/files/read.json': '/files/read',
    '/flags': '/flags',
    '/metrics/snapshot': '/metrics/snapshot',
    '/system/stats.json': '/system/stats.json',
    '/version': '/version',
    '/health': '/health',
  },
};

/** Those of 0.19 and 0.22. */
const OLDEST_PAGES: Pick<Shape, 'masterPages' | 'agentPages'> = {
  masterPages: {
    '/state.json': '/state',
    '/roles.json': '/roles',
    '/metrics/snapshot': '/metrics/snapshot',
    '/system/stats.json': '/system/stats.json',
    '/health': '/health',
    '/redirect': '/redirect',
    '/': '/',
  },
  agentPages: {
    '/state.json': '/state',
    '/monitor/statistics.json': '/monitor/statistics',
    '/files/browse.json': '/files/browse',
    '/files/read.json': '/files/read',
    '/metrics/snapshot': '/metrics/snapshot',
    '/system/stats.json': '/system/stats.json',
    '/health': '/health',
  },
};

export const SHAPES: Record<Exclude<Version, '1.12'>, Shape> = {
  '0.19': {
    version: '0.19.0',
    sha: '51e047524cf744ee257870eb479345646c0428ff',
    // src/master/master.cpp, Master::initialize(); src/slave/slave.cpp; src/slave/monitor.hpp
    ...OLDEST_PAGES,
    // src/master/http.cpp, Master::Http::state() asks nowhere whether the master leads
    follower: 'empty',
    // Master::Http::redirect()
    scheme: 'http:',
    leaderless: 'itself',
    // 3rdparty/stout/json.hpp, operator << (ostream, Number)
    wholeDoubles: 'integers',
    keys: {
      // src/master/http.cpp, Master::Http::state()
      head: [...HEAD, ...COUNTERS, ...HEAD_END, 'frameworks', 'completed_frameworks'],
      // model(const Slave&): no active
      agent: ['id', 'pid', 'hostname', 'registered_time', 'reregistered_time', 'resources', 'attributes'],
      recovered: [],
      // model(const Framework&): `resources` are those of tasks, executors and offers
      framework: [
        ...['id', 'name', 'user', 'failover_timeout', 'checkpoint', 'role', 'registered_time', 'unregistered_time'],
        ...['active', 'resources', 'hostname', 'reregistered_time', 'tasks', 'completed_tasks', 'offers'],
      ],
      // src/common/http.cpp, model(const Task&)
      task: [...TASK, 'statuses'],
      status: ['state', 'timestamp'],
      container_status: [],
      executor: [],
      offer: ['id', 'framework_id', 'slave_id', 'resources'],
      // src/master/http.cpp, model(const Role&)
      role: ['name', 'weight', 'resources', 'frameworks'],
      // src/slave/monitor.cpp, __statistics()
      container: CONTAINER,
      // include/mesos/mesos.proto, ResourceStatistics
      statistics: [...STATISTICS, 'mem_file_bytes', 'mem_anon_bytes', 'mem_mapped_file_bytes'],
    },
    agentState: OLD_AGENT_STATE,
    files: OLD_FILES,
    // src/common/http.cpp, model(const Resources&)
    scalars: ['cpus', 'mem', 'disk'],
    revocable: false,
    roles: 'one',
    quota: 'nothing',
    // master.roles: `*` and those of --roles
    defaultRole: true,
    // src/master/master.cpp, SlaveObserver: deactivate()
    partitions: false,
    capabilities: [],
    agentCapabilities: [],
    // src/master/flags.hpp
    flags: FLAGS,
    // src/slave/containerizer/isolators/cgroups/mem.cpp, usage()
    rssIsUsage: true,
  },
  '0.22': {
    version: '0.22.2',
    sha: '12e7f4599c077637516cd8415aa4706222ac0968',
    // src/master/master.cpp, Master::initialize(); 3rdparty/libprocess: metrics.cpp, system.hpp. There is no /version.
    // src/slave/slave.cpp, Slave::initialize(); src/slave/monitor.hpp
    ...OLDEST_PAGES,
    // src/master/http.cpp, Master::Http::state() asks nowhere whether the master leads
    follower: 'empty',
    // Master::Http::redirect()
    scheme: 'http:',
    leaderless: 'itself',
    // 3rdparty/stout/json.hpp, operator << (ostream, Number)
    wholeDoubles: 'integers',
    keys: {
      // src/master/http.cpp, Master::Http::state()
      head: [...HEAD, ...COUNTERS, ...HEAD_END, ...LISTS],
      // model(const Slave&)
      agent: ['id', 'pid', 'hostname', 'registered_time', 'reregistered_time', 'resources', 'attributes', 'active'],
      recovered: [],
      // model(const Framework&): no executors
      framework: [
        ...['id', 'name', 'user', 'failover_timeout', 'checkpoint', 'role', 'registered_time', 'unregistered_time'],
        ...['active', 'resources', 'used_resources', 'offered_resources', 'hostname', 'webui_url', 'reregistered_time'],
        ...['tasks', 'completed_tasks', 'offers'],
      ],
      // src/common/http.cpp, model(const Task&): labels always
      task: [...TASK, 'statuses', 'labels', 'discovery'],
      status: ['state', 'timestamp'],
      container_status: [],
      executor: [],
      offer: ['id', 'framework_id', 'slave_id', 'resources'],
      // model(const Role&)
      role: ['name', 'weight', 'resources', 'frameworks'],
      // src/slave/monitor.cpp, __statistics()
      container: CONTAINER,
      // include/mesos/mesos.proto, ResourceStatistics
      statistics: [
        ...STATISTICS,
        ...['mem_file_bytes', 'mem_anon_bytes', 'mem_mapped_file_bytes', 'disk_limit_bytes', 'disk_used_bytes'],
      ],
    },
    agentState: OLD_AGENT_STATE,
    files: OLD_FILES,
    // src/common/http.cpp, model(const Resources&)
    scalars: ['cpus', 'mem', 'disk'],
    revocable: false,
    roles: 'one',
    quota: 'nothing',
    // master->roles: `*` and those of --roles
    defaultRole: true,
    // src/master/master.cpp, SlaveObserver: shutdownSlave()
    partitions: false,
    capabilities: [],
    agentCapabilities: [],
    // dcos-ui's state.json of 0.22.0
    flags: FLAGS,
    // src/slave/containerizer/isolators/cgroups/mem.cpp, usage()
    rssIsUsage: true,
  },
  '0.28': {
    version: '0.28.2',
    sha: 'ceecad69bd9656cf405ca7378ad021c4ad51aaed',
    ...PAGES,
    // src/master/http.cpp, Master::Http::state() asks nowhere whether the master leads
    follower: 'empty',
    // Master::Http::redirect()
    scheme: '',
    leaderless: 'itself',
    // 3rdparty/libprocess/3rdparty/stout/include/stout/jsonify.hpp, ~NumberWriter(); json.hpp
    wholeDoubles: 'points',
    keys: {
      // src/master/http.cpp, Master::Http::state()
      head: [...HEAD, ...HEAD_END, ...LISTS],
      // json(JSON::ObjectWriter*, const Summary<Slave>&)
      agent: [
        ...['id', 'pid', 'hostname', 'registered_time', 'reregistered_time', 'resources', 'used_resources'],
        ...['offered_resources', 'reserved_resources', 'unreserved_resources', 'attributes', 'active', 'version'],
      ],
      recovered: [],
      // json(JSON::ObjectWriter*, const Full<Framework>&)
      framework: [
        ...[...FRAMEWORK_SUMMARY, 'active', 'user', 'failover_timeout', 'checkpoint', 'role', 'registered_time'],
        ...['unregistered_time', 'principal', 'resources', 'reregistered_time', 'tasks', 'completed_tasks', 'offers'],
        ...['executors', 'labels'],
      ],
      // src/common/http.cpp, json(JSON::ObjectWriter*, const Task&)
      task: [...TASK, 'statuses', 'labels', 'discovery', 'container'],
      status: ['state', 'timestamp', 'labels', 'container_status', 'healthy'],
      container_status: ['network_infos', 'cgroup_info'],
      executor: ['executor_id', 'name', 'framework_id', 'command', 'resources', 'slave_id'],
      offer: ['id', 'framework_id', 'slave_id', 'resources'],
      // model(const string& name, Option<double> weight, Option<Role*>)
      role: ['name', 'weight', 'resources', 'frameworks'],
      // src/slave/monitor.cpp, statistics()
      container: CONTAINER,
      // include/mesos/mesos.proto, ResourceStatistics
      statistics: [...STATISTICS, ...MEMORY, 'disk_limit_bytes', 'disk_used_bytes'],
    },
    agentState: OLD_AGENT_STATE,
    files: OLD_FILES,
    // src/common/http.cpp, json(JSON::ObjectWriter*, const Resources&)
    scalars: ['cpus', 'mem', 'disk'],
    revocable: true,
    roles: 'one',
    quota: 'nothing',
    // Master::Http::roles(): roleList.insert("*")
    defaultRole: true,
    // src/master/master.cpp, Master::shutdownSlave()
    partitions: false,
    // include/mesos/mesos.proto, FrameworkInfo.Capability
    capabilities: ['REVOCABLE_RESOURCES', 'TASK_KILLING_STATE'],
    agentCapabilities: [],
    // dcos-net's state3.json of 0.28.0
    flags: [
      ...[...FLAGS, ...LATER_FLAGS, 'agent_ping_timeout=slave_ping_timeout'],
      ...['max_agent_ping_timeouts=max_slave_ping_timeouts'],
    ],
    rssIsUsage: false,
  },
  '1.4': {
    version: '1.4.2',
    sha: '612ec2c63a68b4d5b60d1d864e6703fde1c2a023',
    ...PAGES,
    // src/master/http.cpp, Master::Http::state(): if (!master->elected()) return redirect(request), as since 1.0.0
    follower: 'redirect',
    // Master::Http::redirect()
    scheme: '',
    leaderless: 503,
    // 3rdparty/stout/include/stout/jsonify.hpp, ~NumberWriter()
    wholeDoubles: 'points',
    keys: {
      // src/master/http.cpp, Master::Http::state()
      head: [
        ...[...HEAD, 'unreachable_slaves', 'domain', 'leader', 'leader_info', 'cluster', 'log_dir', 'flags', 'slaves'],
        ...['recovered_slaves', ...LISTS],
      ],
      // json(JSON::ObjectWriter*, const SlaveInfo&), SlaveWriter
      agent: [
        ...['id', 'hostname', 'port', 'attributes', 'domain', 'pid', 'registered_time', 'reregistered_time'],
        ...['resources', 'used_resources', 'offered_resources', 'reserved_resources', 'unreserved_resources'],
        ...['active', 'version', 'capabilities'],
      ],
      // json(JSON::ObjectWriter*, const SlaveInfo&)
      recovered: ['id', 'hostname', 'port', 'attributes', 'domain'],
      // json(JSON::ObjectWriter*, const Summary<Framework>&), FullFrameworkWriter
      framework: [
        ...[...FRAMEWORK_SUMMARY, 'active', 'connected', 'recovered', 'user', 'failover_timeout', 'checkpoint'],
        ...['registered_time', 'unregistered_time', 'principal', 'resources', 'reregistered_time', 'roles', 'tasks'],
        ...['unreachable_tasks', 'completed_tasks', 'offers', 'executors', 'labels'],
      ],
      // src/common/http.cpp, json(JSON::ObjectWriter*, const Task&)
      task: [...TASK, 'role', 'statuses', 'user', 'labels', 'discovery', 'container'],
      status: ['state', 'timestamp', 'labels', 'container_status', 'healthy'],
      container_status: ['container_id', 'network_infos', 'cgroup_info'],
      executor: ['executor_id', 'name', 'framework_id', 'command', 'resources', 'role', 'labels', 'type', 'slave_id'],
      offer: ['id', 'framework_id', 'allocation_info', 'slave_id', 'resources'],
      // model(const string& name, Option<double> weight, Option<Quota>, Option<Role*>)
      role: ['name', 'weight', 'quota', 'resources', 'frameworks'],
      // src/slave/http.cpp, Http::_statistics()
      container: CONTAINER,
      // include/mesos/mesos.proto, ResourceStatistics
      statistics: [
        ...[...STATISTICS, ...MEMORY, 'disk_limit_bytes', 'disk_used_bytes', 'disk_statistics', 'blkio_statistics'],
      ],
    },
    // src/slave/http.cpp, Http::state(), FrameworkWriter, ExecutorWriter
    agentState: {
      head: [...AGENT_HEAD, 'capabilities', 'domain', 'reserved_resources', 'unreserved_resources'],
      framework: [...AGENT_FRAMEWORK, 'principal', 'roles', ...EXECUTORS],
      executor: [...AGENT_EXECUTOR, 'role', 'type', ...AGENT_TASKS],
    },
    // src/files/files.cpp, FilesProcess::__read(); src/slave/slave.cpp, Framework::addExecutor(): latestPath
    files: { latest: 'directory', negative: 'bad request', behind: 'asked', times: 'integers' },
    // src/common/http.cpp, json(JSON::ObjectWriter*, const Resources&)
    scalars: ['cpus', 'gpus', 'mem', 'disk'],
    revocable: true,
    roles: 'several',
    // src/common/http.cpp, model(const quota::QuotaInfo&)
    quota: 'guarantee',
    // Master::Http::_roles(): roles with frameworks, weights or quota
    defaultRole: false,
    // src/master/master.cpp, Master::markUnreachable()
    partitions: true,
    // include/mesos/mesos.proto, FrameworkInfo.Capability
    capabilities: [
      ...['REVOCABLE_RESOURCES', 'TASK_KILLING_STATE', 'GPU_RESOURCES', 'SHARED_RESOURCES', 'PARTITION_AWARE'],
      ...['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'REGION_AWARE'],
    ],
    // SlaveInfo.Capability
    agentCapabilities: ['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT'],
    // src/master/flags.cpp; dcos-net's state7.json of 1.2.0
    flags: [
      ...[...FLAGS, ...LATER_FLAGS, 'agent_ping_timeout', 'max_agent_ping_timeouts', 'agent_reregister_timeout'],
      ...['authenticate_agents', 'authenticate_frameworks', 'authenticate_http_readonly'],
      ...['authenticate_http_readwrite', 'recovery_agent_removal_limit', 'registry_gc_interval'],
    ],
    rssIsUsage: false,
  },
};

/** The shape of an older version; undefined: the current one. */
export function shapeOf(version: Version | undefined): Shape | undefined {
  return version === undefined || version === '1.12' ? undefined : SHAPES[version];
}
