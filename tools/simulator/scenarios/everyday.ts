import type { Scenario } from './scenario.ts';

export default {
  name: 'everyday',
  about: 'nothing goes wrong: tasks come and go, services are deployed, the load follows the day',
  length: 900,
  steps: [],
} satisfies Scenario as Scenario;
