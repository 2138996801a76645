// Pictures for people to look at: test-results/pictures.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { Page } from '@playwright/test';

import { root } from '../../tools/scripts/build.ts';

const pictures = path.join(root, 'test-results', 'pictures');

/** Keeps a picture of the whole page; with fullPage false of what is seen of it, since for a whole one the page changes its size, which closes lists. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage });
}
