import type { Scenario } from './scenario.ts';

const minutes = (n: number) => n * 60;

/** The history of the demo. It is not listed, because every minute of the listed ones is tested. */
export default {
  name: 'six-hours',
  about: 'six hours in which most of what can happen does, one thing after the other',
  plan: { cluster: 'demo', agents: 12, tasks: 100, masters: 3, deploys: 1, remembered: 60 },
  length: minutes(360),
  steps: [
    { at: minutes(30), do: 'agent dies', agent: 2 },
    { at: minutes(52), do: 'agent returns', agent: 2 },
    { at: minutes(80), do: 'framework fails over', framework: 'marathon', after: 90 },
    { at: minutes(110), do: 'leader dies' },
    { at: minutes(118), do: 'masters start' },
    { at: minutes(145), do: 'service leaks', framework: 'marathon', service: 'cart.shop' },
    { at: minutes(172), do: 'service recovers', framework: 'marathon', service: 'cart.shop' },
    { at: minutes(195), do: 'service wants', framework: 'batch-queue', service: 'job', times: 6 },
    { at: minutes(235), do: 'service wants', framework: 'batch-queue', service: 'job', times: 1 },
    { at: minutes(255), do: 'agent drains', agent: 5, grace: 30 },
    { at: minutes(280), do: 'agent is reactivated', agent: 5 },
    { at: minutes(300), do: 'service crashes', framework: 'marathon', service: 'search' },
    { at: minutes(318), do: 'service recovers', framework: 'marathon', service: 'search' },
    { at: minutes(332), do: 'framework disconnects', framework: 'spark-etl' },
    { at: minutes(337), do: 'framework comes back', framework: 'spark-etl' },
    { at: minutes(350), do: 'agent dies', agent: 7, machine: false },
    { at: minutes(351), do: 'agent returns', agent: 7 },
  ],
} satisfies Scenario as Scenario;
