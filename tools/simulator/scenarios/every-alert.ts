import type { Step } from '../live/steps.ts';
import type { Scenario } from './scenario.ts';

const minutes = (n: number) => n * 60;
const MASTERS = [1, 2, 3];

/** Faults of /metrics/snapshot's figures, while they last. */
const REPORTED = {
  'registrar/state_store_ms': 8000,
  'master/event_queue_messages': 5000,
  'allocator/mesos/allocation_run_ms': 4000,
};

const RESOURCES = ['cpus', 'mem', 'disk'] as const;

const steps: Array<Omit<Step, 'at'> & { minute: number }> = [
  ...Object.entries(REPORTED).flatMap(([key, value]) => [
    { minute: 70, do: 'leader reports', key, value },
    { minute: 95, do: 'leader reports', key, value: null },
  ]),
  { minute: 70, do: 'framework disconnects', framework: 'chronos' },
  { minute: 85, do: 'framework comes back', framework: 'chronos' },
  { minute: 70, do: 'master dies', master: 3 },
  { minute: 95, do: 'master starts', master: 3 },
  { minute: 70, do: 'agent drains', agent: 2, grace: minutes(180) },
  { minute: 150, do: 'agent is reactivated', agent: 2 },
  { minute: 70, do: 'framework gets no offers', framework: 'kafka' },
  { minute: 130, do: 'framework gets offers', framework: 'kafka' },
  { minute: 80, do: 'service is throttled', framework: 'marathon', service: 'web.shop' },
  { minute: 115, do: 'service recovers', framework: 'marathon', service: 'web.shop' },
  { minute: 100, do: 'service crashes', framework: 'marathon', service: 'search' },
  { minute: 120, do: 'service recovers', framework: 'marathon', service: 'search' },
  { minute: 100, do: 'service wants', framework: 'batch-queue', service: 'job', times: 6 },
  { minute: 140, do: 'service wants', framework: 'batch-queue', service: 'job', times: 1 },
  { minute: 150, do: 'service wants', framework: 'hadoop', service: 'map', times: 3 },
  { minute: 160, do: 'agent dies', agent: 3 },
  { minute: 180, do: 'agent returns', agent: 3 },
  { minute: 180, do: 'service wants', framework: 'hadoop', service: 'map', times: 1 },
  // Services that take whatever becomes free and keep it.
  ...['web.shop', 'mailer'].flatMap((service) => [
    { minute: 211, do: 'service wants', framework: 'marathon', service, times: 8 },
    { minute: 290, do: 'service wants', framework: 'marathon', service, times: 1 },
  ]),
  ...RESOURCES.flatMap((resource) => [
    // Again when batch tasks have ended whose place is too small for others.
    ...[210, 220, 230].map((minute) => ({ minute, do: 'agents shrink', resource, share: 0.99 })),
    { minute: 290, do: 'agents grow', resource },
  ]),
  ...[300, 305, 310].flatMap((minute) => [
    { minute, do: 'leader dies' },
    { minute: minute + 3, do: 'masters start' },
  ]),
  { minute: 320, do: 'disturb', on: 'masters', fault: { kind: 'answer', status: 500, path: '/state' } },
  { minute: 340, do: 'disturb', on: 'masters', fault: null },
  { minute: 380, do: 'zookeeper fails' },
  { minute: 390, do: 'masters start' },
  { minute: 390, do: 'zookeeper returns' },
  ...MASTERS.map((master) => ({ minute: 400, do: 'master dies', master })),
  { minute: 410, do: 'masters start' },
  { minute: 420, do: 'service leaks', framework: 'marathon', service: 'cart.shop', rate: 0.00008 },
  { minute: 495, do: 'service recovers', framework: 'marathon', service: 'cart.shop' },
] as Array<Step & { minute: number }>;

/** What makes each shipped alert rule fire. It is not listed, because every minute of the listed ones is tested. */
export default {
  name: 'every-alert',
  about: 'eight hours in which each shipped alert rule has a reason to fire, and then none',
  plan: { cluster: 'alerts', agents: 6, tasks: 90, masters: 3, deploys: 0, remembered: 20 },
  length: minutes(530),
  steps: steps.map(({ minute, ...action }) => ({ ...action, at: minutes(minute) }) as Step).sort((a, b) => a.at - b.at),
} satisfies Scenario as Scenario;
