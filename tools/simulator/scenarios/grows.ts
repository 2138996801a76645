import type { Step } from '../live/steps.ts';
import type { Scenario } from './scenario.ts';

const hours = (n: number) => n * 3600;
const SERVICES = ['web.shop', 'cart.shop', 'search', 'mailer', 'feed'];

/** Hours over which it grows, and when all of it goes away again. */
const GROWS = { from: 72, to: 102 };
const SHRINKS = 110;

const grown: Step[] = [];
for (let hour = GROWS.from; hour <= GROWS.to; hour += 2) {
  const times = 1 + (1.8 * (hour - GROWS.from)) / (GROWS.to - GROWS.from);
  grown.push(
    ...SERVICES.map((service): Step => ({
      at: hours(hour),
      do: 'service wants',
      framework: 'marathon',
      service,
      times,
    }))
  );
}

/** Days, for rules on trends. It is not listed, because every minute of the listed ones is tested. */
export default {
  name: 'grows',
  about: 'three calm days, then marathon grows for a day until the cluster is nearly full, and shrinks',
  plan: { cluster: 'grows', agents: 6, tasks: 150, masters: 1, deploys: 0, remembered: 5 },
  length: hours(130),
  steps: [
    ...grown,
    ...SERVICES.map((service): Step => ({
      at: hours(SHRINKS),
      do: 'service wants',
      framework: 'marathon',
      service,
      times: 1,
    })),
  ],
} satisfies Scenario as Scenario;
