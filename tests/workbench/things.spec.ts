// Tables, SQL and topology in the workbench, on a replayed cluster: their editors with the backend's schema, and rows
// that the master itself lists.
import { expect, type Page } from '@playwright/test';

import { test } from './fixtures.ts';

interface State {
  slaves: Array<{ hostname: string; resources: { cpus: number } }>;
  frameworks: Array<{ name: string; tasks: unknown[] }>;
}

const stateOf = async (master: string) => (await (await fetch(`${master}/state`)).json()) as State;

/** The texts of the rows below the header. */
async function rowsOf(page: Page): Promise<string[]> {
  const rows = page.getByTestId('table').getByRole('row');
  return (await rows.evaluateAll((all) => all.map((row) => row.textContent ?? ''))).slice(1);
}

async function chosen(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label, exact: true }).click();
  await page
    .getByRole('option', { name: new RegExp(`^${option}\\b`) })
    .first()
    .click();
  await page.keyboard.press('Escape');
}

test('the builder of tables offers tables and columns, shows its SQL, and becomes code', async ({ open, replay }) => {
  const { slaves } = await stateOf(replay.masters[0]);
  const page = await open({ panel: 'table' });
  await page.getByRole('radio', { name: 'Tables' }).check({ force: true });
  await expect(page.getByTestId('compiled-sql')).toContainText('FROM tasks');
  await chosen(page, 'Table', 'agents');
  await chosen(page, 'Columns', 'agent');
  await page.getByRole('button', { name: 'Add order' }).click();
  await expect(page.getByTestId('compiled-sql')).toContainText(/SELECT "?agent"?\s+FROM "?agents"?\s+ORDER BY/);
  await page.getByRole('button', { name: 'Run queries' }).last().click();
  const hostnames = slaves.map(({ hostname }) => hostname).sort();
  await expect.poll(async () => (await rowsOf(page)).sort()).toEqual(hostnames);

  await page.getByRole('radio', { name: 'Code' }).check({ force: true });
  const editor = page.locator('.monaco-editor').first();
  await expect(editor).toContainText('FROM agents');
  await editor.click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText('SELECT count(*) AS n FROM agents');
  await page.keyboard.press('Shift+Enter');
  await expect.poll(() => rowsOf(page)).toEqual([String(slaves.length)]);
});

test('SQL completes columns of the tables that it names', async ({ open }) => {
  const page = await open({ panel: 'table', queries: [{ refId: 'A', queryType: 'sql', sql: 'SELECT  FROM agents' }] });
  const editor = page.locator('.monaco-editor').first();
  await editor.click();
  await page.keyboard.press('Home');
  for (let i = 0; i < 'SELECT '.length; i++) {
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.type('cpus_f');
  await page.keyboard.press('ControlOrMeta+Space');
  await expect(page.locator('.suggest-widget').getByText('cpus_free')).toBeVisible();
});

test('wrong SQL says what is wrong and what may be meant', async ({ open }) => {
  const sql = 'SELECT memory FROM tasks';
  const page = await open({ panel: 'table', queries: [{ refId: 'A', queryType: 'sql', sql }] });
  await expect(page.getByTestId('error')).toContainText(/memory/);
  await expect(page.getByTestId('error')).toContainText(/memory_bytes/);
});
