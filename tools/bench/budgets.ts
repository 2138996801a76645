// `npm run bench`: what has a budget, in parts that can be measured one by one.
import { day, week } from './days.ts';
import { editors } from './editors.ts';
import { files } from './files.ts';
import { hostile } from './hostile.ts';
import { type Line, nameOf, skipped } from './lines.ts';
import { scraped } from './prometheus.ts';
import { reading } from './reading.ts';
import { requests } from './requests.ts';
import { streaming } from './stream.ts';

/** Each has a table of its own in docs/benchmarks.md. */
export const BUDGET_PARTS: Record<string, () => Promise<Line[]>> = {
  files: async () => files(),
  reading: () => reading('large'),
  small: () => day('small'),
  large: () => day('large'),
  week,
  requests,
  stream: () => streaming('large', nameOf('large')),
  hostile,
  editors,
  prometheus: async () => [(await scraped()) ?? skipped('Prometheus scraping as many series', 'it is not installed')],
};
