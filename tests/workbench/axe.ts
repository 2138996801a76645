// What axe calls serious or critical, and controls whose only name is a placeholder, which axe takes for a name.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';

/** The button of a menu in Grafana 12.3, which has attributes of a combobox. 12.4 draws it otherwise. */
const OF_GRAFANA_12_3 =
  /^aria-allowed-attr: <div class="css-\w+-input-suffix" aria-controls="downshift-[^"]+-menu" aria-expanded="\w+" id="downshift-[^"]+-toggle-button"/;

/** Returns the faults of a part of the page, by default the query editor. */
export async function faultsOf(page: Page, part = '[data-testid="query-editor"]'): Promise<string[]> {
  // Colors change gradually where the theme is another one.
  const changing = () => document.getAnimations().filter((one) => one instanceof CSSTransition).length;
  await expect.poll(() => page.evaluate(changing)).toBe(0);
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  const faults = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
    .filter((fault) => !OF_GRAFANA_12_3.test(fault));
  return [...faults, ...(await unnamedIn(page, part))];
}

async function unnamedIn(page: Page, part: string): Promise<string[]> {
  return page
    .locator(part)
    .locator('input:visible, textarea:visible, [role="combobox"]:visible')
    .evaluateAll((all) =>
      all
        .filter((one) => {
          const labels = (one as HTMLInputElement).labels ?? [];
          const names = [...labels, ...(one.getAttribute('aria-labelledby') ?? '').split(' ').map(byId)];
          return ![one.getAttribute('aria-label'), ...names.map((name) => name?.textContent)].some((name) =>
            name?.trim()
          );
          function byId(id: string) {
            return document.getElementById(id);
          }
        })
        .map((one) => `no name: ${one.outerHTML.slice(0, 200)}`)
    );
}

/** Draws the page in a theme, and expects that it is. */
export async function useTheme(page: Page, theme: 'dark' | 'light'): Promise<void> {
  await page.evaluate((value) => localStorage.setItem('workbench.theme', value), theme);
  await page.reload();
  await expect(page.getByRole('button', { name: theme === 'dark' ? 'Light theme' : 'Dark theme' })).toBeVisible();
}

/** Returns the controls of a part that reach beyond its right edge. */
export async function beyondEdge(part: Locator): Promise<string[]> {
  const box = await part.boundingBox();
  return part
    .locator('input, button, label')
    .evaluateAll(
      (all, right) =>
        all.filter((one) => one.getBoundingClientRect().right > right + 1).map((one) => one.outerHTML.slice(0, 120)),
      (box?.x ?? 0) + (box?.width ?? 0)
    );
}
