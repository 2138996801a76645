import type { Scenario } from './scenario.ts';

export default {
  name: 'out-of-memory',
  about: 'a service leaks memory until its containers are killed',
  length: 900,
  steps: [
    { at: 120, do: 'service leaks', framework: 'marathon', service: 'cart.shop' },
    { at: 600, do: 'service recovers', framework: 'marathon', service: 'cart.shop' },
  ],
} satisfies Scenario as Scenario;
