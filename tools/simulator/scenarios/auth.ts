import type { Scenario } from './scenario.ts';

export default {
  name: 'auth',
  about: 'masters and agents want credentials: monitor / monitor-secret sees all, limited / limited-secret only agents',
  plan: {
    principals: { monitor: { password: 'monitor-secret' }, limited: { password: 'limited-secret', restricted: true } },
  },
  length: 600,
  steps: [],
} satisfies Scenario as Scenario;
