import type { Scenario } from './scenario.ts';

export default {
  name: 'crash-loop',
  about: 'a bad version is deployed: its tasks crash seconds after they started, again and again',
  length: 900,
  steps: [
    { at: 120, do: 'service crashes', framework: 'marathon', service: 'search' },
    { at: 600, do: 'service recovers', framework: 'marathon', service: 'search' },
  ],
} satisfies Scenario as Scenario;
