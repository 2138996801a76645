/**
 * The workload of a simulated cluster: typical frameworks with their services, as a table.
 */
import type { Amount } from './amount.ts';

export interface ServiceKind {
  name: string;
  /** `service` runs for ever, `batch` keeps so many short tasks going, `cron` starts them all every `period` seconds. */
  runs: 'service' | 'batch' | 'cron';
  /** How many of a hundred tasks of the framework are this service's. */
  share: number;
  role: string;
  /** CPUs, MiB of a task, relative to each other; the plan scales them to the cluster. */
  each: Partial<Amount>;
  /** Shortest and longest run of a batch or cron task, seconds. */
  lasts?: [shortest: number, longest: number];
  period?: number;
  /** Of a hundred tasks that end by themselves, how many fail. */
  fails?: number;
  /** The share of its tasks that is missing at its quietest hour. */
  rhythm?: number;
  /** The hour (UTC) at which it has most to do. */
  busiest?: number;
  /** A custom executor: one per task, or one per agent for all tasks there. Without, Mesos' own. */
  executor?: 'per task' | 'per agent';
  docker?: string;
  ports?: number;
  checked?: boolean;
  labels?: Record<string, string>;
  /** Bound to a reservation with a volume of `each.disk` on one agent. */
  bound?: boolean;
  /** Mean share of its CPUs, and of its memory, that it really uses. */
  uses: [cpus: number, memory: number];
}

export interface FrameworkKind {
  name: string;
  user: string;
  principal?: string;
  webui?: string;
  failoverTimeout: number;
  capabilities: string[];
  /** How many of a hundred tasks of the cluster are this framework's. */
  share: number;
  services: ServiceKind[];
}

const MODERN = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE'];
const KILLING = [...MODERN, 'TASK_KILLING_STATE'];

export const FRAMEWORKS: FrameworkKind[] = [
  {
    name: 'marathon',
    user: 'root',
    principal: 'marathon',
    webui: 'http://marathon.example.com:8080/',
    failoverTimeout: 604_800,
    capabilities: [...KILLING, 'REGION_AWARE'],
    share: 38,
    services: [
      {
        ...{ name: 'web.shop', runs: 'service', share: 30, role: 'prod/web', each: { cpus: 0.5, mem: 512 } },
        ...{ docker: 'nginx:1.27', ports: 1, checked: true, rhythm: 0.3, busiest: 19, uses: [0.35, 0.6] },
        labels: { app: '/shop/web', team: 'web', HAPROXY_GROUP: 'external' },
      },
      {
        ...{ name: 'cart.shop', runs: 'service', share: 20, role: 'prod/web', each: { cpus: 0.5, mem: 1024 } },
        ...{ docker: 'openjdk:21', ports: 1, checked: true, uses: [0.2, 0.8] },
        labels: { app: '/shop/cart', team: 'shop' },
      },
      {
        ...{ name: 'search', runs: 'service', share: 20, role: 'prod', each: { cpus: 2, mem: 4096 } },
        ...{ ports: 1, checked: true, uses: [0.5, 0.85], labels: { app: '/search', team: 'search' } },
      },
      {
        ...{ name: 'mailer', runs: 'service', share: 15, role: 'prod', each: { cpus: 0.25, mem: 256, disk: 64 } },
        ...{ uses: [0.05, 0.4], labels: { app: '/mailer', team: 'crm' } },
      },
      {
        ...{ name: 'feed', runs: 'service', share: 15, role: 'staging', each: { cpus: 0.5, mem: 512 } },
        ...{ docker: 'python:3.13', uses: [0.1, 0.5], labels: { app: '/staging/feed', team: 'web' } },
      },
    ],
  },
  {
    name: 'spark-etl',
    user: 'spark',
    principal: 'spark',
    webui: 'http://spark.example.com:4040/',
    failoverTimeout: 600,
    capabilities: MODERN,
    share: 18,
    services: [
      {
        ...{ name: 'stage', runs: 'batch', share: 70, role: 'analytics/etl', each: { cpus: 1, mem: 1024 } },
        ...{ lasts: [20, 240], fails: 2, executor: 'per agent', rhythm: 0.6, busiest: 2, uses: [0.85, 0.7] },
      },
      {
        ...{ name: 'report', runs: 'batch', share: 30, role: 'analytics', each: { cpus: 0.5, mem: 2048 } },
        ...{ lasts: [60, 600], fails: 3, rhythm: 0.5, busiest: 8, uses: [0.6, 0.8] },
      },
    ],
  },
  {
    name: 'hadoop',
    user: 'hdfs',
    principal: 'hadoop',
    failoverTimeout: 3600,
    // Old: it knows neither unreachable tasks nor several roles at once.
    capabilities: ['MULTI_ROLE', 'RESERVATION_REFINEMENT'],
    share: 8,
    services: [
      {
        ...{ name: 'map', runs: 'batch', share: 75, role: 'analytics/adhoc', each: { cpus: 0.5, mem: 512 } },
        ...{ lasts: [15, 120], fails: 4, executor: 'per agent', rhythm: 0.7, busiest: 3, uses: [0.9, 0.6] },
      },
      {
        ...{ name: 'reduce', runs: 'batch', share: 25, role: 'analytics/adhoc', each: { cpus: 1, mem: 2048 } },
        ...{ lasts: [60, 300], fails: 2, executor: 'per agent', rhythm: 0.7, busiest: 3, uses: [0.5, 0.9] },
      },
    ],
  },
  {
    name: 'chronos',
    user: 'root',
    principal: 'chronos',
    webui: 'http://chronos.example.com:4400/',
    failoverTimeout: 3600,
    capabilities: KILLING,
    share: 8,
    services: [
      {
        ...{ name: 'backup', runs: 'cron', share: 40, role: 'batch', each: { cpus: 0.25, mem: 128 } },
        ...{ period: 600, lasts: [60, 240], fails: 5, uses: [0.3, 0.3] },
      },
      {
        ...{ name: 'invoices', runs: 'cron', share: 60, role: 'batch', each: { cpus: 0.5, mem: 256 } },
        ...{ period: 300, lasts: [30, 120], fails: 8, docker: 'ruby:3.3', uses: [0.7, 0.5] },
      },
    ],
  },
  {
    name: 'kafka',
    user: 'kafka',
    principal: 'kafka',
    webui: 'http://kafka.example.com:7000/',
    failoverTimeout: 2_592_000,
    capabilities: MODERN,
    share: 4,
    services: [
      {
        ...{ name: 'broker', runs: 'service', share: 100, role: 'prod/data', each: { cpus: 1, mem: 4096, disk: 8192 } },
        ...{ executor: 'per task', ports: 1, rhythm: 0, uses: [0.45, 0.9], labels: { team: 'data' } },
      },
    ],
  },
  {
    name: 'cassandra',
    user: 'cassandra',
    principal: 'cassandra',
    failoverTimeout: 1_209_600,
    capabilities: MODERN,
    share: 3,
    services: [
      {
        ...{ name: 'node', runs: 'service', share: 100, role: 'db', each: { cpus: 2, mem: 8192, disk: 16_384 } },
        ...{ executor: 'per task', bound: true, uses: [0.55, 0.95], labels: { team: 'data', ring: 'main' } },
      },
    ],
  },
  {
    name: 'batch-queue',
    user: 'batch',
    principal: 'batch',
    failoverTimeout: 300,
    capabilities: KILLING,
    share: 14,
    services: [
      {
        ...{ name: 'job', runs: 'batch', share: 80, role: 'batch', each: { cpus: 1, mem: 512 } },
        ...{ lasts: [30, 900], fails: 5, rhythm: 0.5, busiest: 14, uses: [0.75, 0.5] },
      },
      {
        ...{ name: 'thumbnails', runs: 'batch', share: 20, role: 'batch', each: { revocable: 1, mem: 256 } },
        ...{ lasts: [30, 300], fails: 1, uses: [0.9, 0.4] },
      },
    ],
  },
  {
    name: 'trainer',
    user: 'ml',
    failoverTimeout: 0,
    capabilities: [...MODERN, 'GPU_RESOURCES'],
    share: 2,
    services: [
      {
        ...{ name: 'training', runs: 'batch', share: 100, role: 'ml', each: { cpus: 2, mem: 4096, gpus: 1 } },
        ...{ lasts: [1200, 7200], fails: 10, docker: 'pytorch/pytorch:2.5', uses: [0.8, 0.7] },
      },
    ],
  },
];

export interface RoleKind {
  name: string;
  weight: number;
  /** Shares of the cluster's CPUs and memory. */
  guarantee?: number;
  limit?: number;
}

/** The tree of roles, with weights and quota. */
export const ROLES: RoleKind[] = [
  { name: 'prod', weight: 2, guarantee: 0.2, limit: 0.7 },
  { name: 'prod/web', weight: 1 },
  { name: 'prod/data', weight: 1.5 },
  { name: 'staging', weight: 1 },
  { name: 'analytics', weight: 1.5, limit: 0.5 },
  { name: 'analytics/etl', weight: 1 },
  { name: 'analytics/adhoc', weight: 0.5 },
  { name: 'batch', weight: 1, limit: 0.3 },
  { name: 'db', weight: 3 },
  { name: 'ml', weight: 1 },
];
