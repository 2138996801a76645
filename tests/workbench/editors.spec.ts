// The editors of a variable and of an annotation: for screen readers, in both themes, and at several widths.
import { expect, type Page } from '@playwright/test';

import { beyondEdge, faultsOf, useTheme } from './axe.ts';
import { picture } from './pictures.ts';
import { test } from './fixtures.ts';

const EDITORS: Array<[part: string, kind: string]> = [
  ['variable-editor', 'Entities'],
  ['variable-editor', 'Label values'],
  ['variable-editor', 'PromQL'],
  ['variable-editor', 'SQL'],
  ['annotation-editor', 'Events'],
  ['annotation-editor', 'PromQL'],
];

const editor = (page: Page, part: string) => page.getByTestId(part);

for (const [part, kind] of EDITORS) {
  test(`every control has a name, can be read and fits: ${part}, ${kind}`, async ({ open }) => {
    const page = await open({ tab: 'editors', refresh: '' });
    for (const theme of ['light', 'dark'] as const) {
      await useTheme(page, theme);
      await editor(page, part).getByRole('radio', { name: kind, exact: true }).check({ force: true });
      await expect(
        editor(page, part).getByRole('textbox').or(editor(page, part).getByRole('combobox')).first()
      ).toBeVisible();
      expect(await faultsOf(page, `[data-testid="${part}"]`), theme).toEqual([]);
      await picture(page, `${part}-${kind.replace(' ', '-')}-${theme}`);
    }
    for (const width of [520, 900, 1400]) {
      await page.setViewportSize({ width, height: 1000 });
      await expect.poll(() => beyondEdge(editor(page, part)), `${width} px`).toEqual([]);
    }
  });
}
