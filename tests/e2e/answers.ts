// What Grafana answers to the queries of a page.
import type { Page } from '@playwright/test';

/** A response to `/api/ds/query`, and the queries of its request. */
export interface Answer<Result> {
  status: number;
  text: string;
  queries: Array<{ queryType?: string }>;
  /** The time range that was asked for, ms. */
  range: [from: number, to: number];
  results: Record<string, Result>;
}

type Asked<Result> = Pick<Answer<Result>, 'queries'> & { from: string; to: string };

/**
 * Calls `read` with each answer before the page gets it. Bodies that are read after the page has them are gone as soon as it
 * navigates, which an event `response` cannot prevent. Returns how to stop.
 */
export async function readAnswers<Result>(
  page: Page,
  read: (answer: Answer<Result>) => void
): Promise<() => Promise<void>> {
  const address = '**/api/ds/query*';
  await page.route(address, async (route) => {
    const { queries, from, to } = route.request().postDataJSON() as Asked<Result>;
    let response;
    try {
      response = await route.fetch();
    } catch {
      await route.abort().catch(() => undefined); // the page asked for it no longer
      return;
    }
    const text = await response.text();
    const { results = {} } = response.ok() ? (JSON.parse(text) as Partial<Answer<Result>>) : {};
    read({ status: response.status(), text, queries, range: [Number(from), Number(to)], results });
    await route.fulfill({ response, body: text }).catch(() => undefined);
  });
  return () => page.unroute(address);
}
