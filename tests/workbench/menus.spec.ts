// Every menu of every editor by keyboard: what is typed and Enter choose the first match, nothing crashes, and Escape
// leaves what was chosen.
import { expect, type Locator, type Page } from '@playwright/test';

import { test } from './fixtures.ts';

const builder = {
  refId: 'A',
  queryType: 'metrics',
  version: 1,
  entity: 'task',
  resource: 'cpus',
  measure: 'used',
};
const filters = [{ label: 'framework', operator: '=~', value: '.+' }];

interface Editor {
  parameters: Record<string, unknown>;
  /** Whether it is tried with every version of Grafana: a few have every kind of menu. */
  tag?: '@smoke';
  /** What shows more menus. */
  prepare?: (page: Page) => Promise<void>;
  /** The menus of one value, by their names. */
  menus: string[];
}

const ofQuery = (query: object, panel?: string) => ({ ...(panel && { panel }), queries: [{ ...builder, ...query }] });

const EDITORS: Record<string, Editor> = {
  builder: {
    tag: '@smoke',
    parameters: ofQuery({ filters }),
    prepare: (page) => page.getByText('Options', { exact: true }).click(),
    menus: [
      'Aggregate',
      'Legend',
      'Format',
      'Comparison of the filter',
      'Label of the filter',
      'Measure',
      'Resource',
      'Entity',
    ],
  },
  'builder of counters': {
    parameters: ofQuery({ entity: 'framework', resource: 'tasks', measure: 'failed' }),
    menus: ['Counted'],
  },
  'builder of a series': {
    parameters: { queries: [{ refId: 'A', queryType: 'metrics', version: 1, metric: 'mesos_up' }] },
    menus: ['Series'],
  },
  table: {
    parameters: ofQuery({ queryType: 'table', table: 'tasks', orderBy: [{ column: 'name' }] }, 'table'),
    menus: ['Order by column', 'Table'],
  },
  SQL: { parameters: ofQuery({ queryType: 'sql', sql: 'SELECT 1' }, 'table'), menus: ['Format'] },
  events: { parameters: ofQuery({ queryType: 'events', format: 'count' }, 'table'), menus: ['Severity', 'Format'] },
  logs: { parameters: ofQuery({ queryType: 'logs', file: 'stdout' }, 'table'), menus: ['File'] },
  'metrics browser': {
    parameters: ofQuery({}),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Metrics browser' }).click();
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
    },
    menus: ['Entity', 'Type'],
  },
  'variable of entities': { parameters: { tab: 'editors' }, menus: ['Entity'] },
  'variable of label values': {
    tag: '@smoke',
    parameters: { tab: 'editors' },
    prepare: (page) => page.getByRole('radio', { name: 'Label values' }).check({ force: true }),
    menus: ['Label', 'Of series'],
  },
  annotation: { parameters: { tab: 'editors' }, menus: ['Severity'] },
  settings: {
    tag: '@smoke',
    parameters: { tab: 'settings' },
    prepare: async (page) => {
      const folded = page.getByRole('button', { name: /^Expand section/ });
      while ((await folded.count()) > 0) {
        await folded.first().click();
      }
    },
    menus: ['Task history', 'Event stream', 'Engine', 'Logs of tasks'],
  },
};

/** The options of the menu that is open. */
const optionsOf = async (page: Page, menu: Locator) =>
  page.locator(`[id="${await menu.getAttribute('aria-controls')}"]`).getByRole('option');

/** Returns what options are named; below it is what they mean. */
const namesOf = (options: Locator) =>
  options.evaluateAll((all) =>
    all.map((one) => {
      const leaves = [...one.querySelectorAll('div')].filter(({ childElementCount }) => childElementCount === 0);
      return leaves.find(({ textContent }) => textContent)?.textContent ?? '';
    })
  );

/** Types a letter when the one before is there: menus of Grafana 12 lose letters that come sooner (MultiCombobox, setInputValue in an effect). */
async function type(page: Page, text: string) {
  const field = page.locator('input:focus');
  for (const letter of text) {
    await page.keyboard.type(letter);
    await expect.poll(async () => (await field.inputValue()).endsWith(letter)).toBe(true);
  }
}

/** Waits until the options are those of a text: the first one has its words. */
const expectMatches = (options: Locator, text: string) =>
  expect
    .poll(async () => {
      const [first = text] = await namesOf(options);
      return text.split(' ').every((word) => first.includes(word));
    })
    .toBe(true);

for (const [name, { tag = [], parameters, prepare, menus }] of Object.entries(EDITORS)) {
  test(`a typed text and Enter choose the first match: ${name}`, { tag }, async ({ open }) => {
    test.slow(); // several menus: on a slow machine they take minutes
    const page = await open({ refresh: '', ...parameters });
    const inside = page.getByRole('dialog').or(page.locator('[data-testid$="-editor"]'));
    await expect(inside.getByRole('combobox').first()).toBeVisible();
    await prepare?.(page);
    for (const one of menus) {
      await test.step(one, async () => {
        const menu = inside.getByRole('combobox', { name: new RegExp(`^${one}(?! format)`) }).last();
        await menu.click();
        const options = await optionsOf(page, menu);
        await expect(options.first()).toBeVisible();
        const last = (await namesOf(options)).at(-1) ?? '';
        const text = last.slice(0, -1);
        await page.keyboard.insertText(text);
        await expect(menu).toHaveValue(text);
        await expectMatches(options, text);
        const [first] = await namesOf(options);
        await page.keyboard.press('Enter');
        await expect(menu).toHaveValue(first);
        await expect(menu).toHaveAttribute('aria-expanded', 'false');

        // With Down, too, and as soon as it is typed.
        await menu.click();
        await page.keyboard.insertText(text);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await expect(menu).toHaveValue(first);
        await expect(menu).toHaveAttribute('aria-expanded', 'false');

        // Nothing is like it, except where any text can be chosen.
        await menu.click();
        await page.keyboard.insertText('zzqx');
        await expectMatches(options, 'zzqx');
        const custom = (await options.count()) > 0;
        await page.keyboard.press('Enter');
        await expect(menu).toHaveValue(custom ? 'zzqx' : first);
        await menu.click();
        await page.keyboard.insertText('zzqx');
        await page.keyboard.press('Tab');
        await expect(menu).toHaveValue(custom ? 'zzqx' : first);

        // Escape closes the list, and does not empty the field after that.
        await menu.click();
        await page.keyboard.insertText('a');
        await page.keyboard.press('Escape');
        await expect(menu).toHaveAttribute('aria-expanded', 'false');
        await expect(menu).toHaveValue(custom ? 'zzqx' : first);
        if (name !== 'metrics browser') {
          await page.keyboard.press('Escape');
          await page.keyboard.press('Escape');
          await expect(menu).toHaveValue(custom ? 'zzqx' : first);
        }
      });
    }
  });
}

test('the reason why a list could not be loaded is not chosen', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({ refresh: '', ...EDITORS.logs.parameters });
  const task = page.getByRole('combobox', { name: 'Task' });
  for (const chosen of ['', 'web.1']) {
    await task.click();
    await expect(page.getByRole('option', { name: /^Could not load the list/ })).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(task).toHaveValue(chosen);
    await page.keyboard.press('Escape');
    await expect(task).toHaveValue(chosen);
    await task.click();
    await page.keyboard.insertText('web.1');
    await expect(page.getByRole('option', { name: /^web\.1/ })).toBeVisible();
    await page.keyboard.press('Enter');
    await expect(task).toHaveValue('web.1');
  }
});

const compiled = (page: Page) => page.getByTestId('compiled-promql');

test('each typed text and Enter add one value to a menu of several', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({
    refresh: '',
    ...ofQuery({ filters: [{ label: 'framework', operator: '=', value: 'x' }] }),
  });
  const values = page.getByRole('combobox', { name: 'Values of framework' });
  await values.click();
  await type(page, 'marath');
  await expect(page.getByRole('option', { name: /^marathon/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(values).toHaveValue('');
  await type(page, 'a.*b');
  await page.keyboard.press('Enter'); // before the list arrives
  await expect(values).toHaveValue('');
  await expect(compiled(page)).toContainText(/framework=~"[^"]*x\|marathon\|a[^"]*b[^"]*"/);

  const groups = page.getByRole('combobox', { name: 'Group by' });
  await groups.click();
  await type(page, 'rol');
  await page.keyboard.press('Enter');
  await expect(groups).toHaveValue('');
  await type(page, 'framew');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(groups).toHaveValue('');
  await expect(compiled(page)).toContainText('by (role, framework)');

  // Nothing is like it.
  await type(page, 'zzqx');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(groups).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(groups).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Escape');
  await expect(compiled(page)).toContainText('by (role, framework)');
});

test('several options of one text are chosen with the mouse, and the next text replaces it', async ({ open }) => {
  const page = await open({ refresh: '', ...ofQuery({}) });
  const groups = page.getByRole('combobox', { name: 'Group by' });
  await groups.click();
  await type(page, 'framework');
  await page.getByRole('option', { name: 'framework', exact: true }).click();
  await page.getByRole('option', { name: 'framework_id' }).click();
  await expect(groups).toHaveValue('framework');
  await type(page, 'role');
  await expect(groups).toHaveValue('role');
  await expect(compiled(page)).toContainText('by (framework, framework_id)');
});

for (const [kind, panel, query] of [
  ['PromQL', undefined, {}],
  ['SQL', 'table', { queryType: 'table', table: 'agents' }],
] as const) {
  test(
    `a second look at code asks nothing, before something is written: ${kind}`,
    { tag: '@smoke' },
    async ({ open }) => {
      const page = await open({ refresh: '', ...ofQuery(query, panel) });
      const [toBuilder, toCode] = ['Builder', 'Code'].map((name) => page.getByRole('radio', { name }));
      const dialog = page.getByRole('dialog');
      const code = page.locator('.monaco-editor .view-lines').first();
      const look = async () => {
        await toCode.click({ force: true });
        await expect(code).toBeVisible();
        await toBuilder.click({ force: true });
        await expect(code).toHaveCount(0);
        await expect(dialog).toHaveCount(0);
      };
      await expect(page.getByTestId(/^compiled-/)).toBeVisible();
      await look();
      await look();
      await look();

      // What was written is asked about once, and looked at again.
      await toCode.click({ force: true });
      await code.click();
      await page.keyboard.press('ControlOrMeta+End');
      await page.keyboard.type(' ');
      await page.keyboard.type(kind === 'SQL' ? '-- mine' : '+ 1');
      await page.keyboard.press('Shift+Enter');
      await toBuilder.click({ force: true });
      await expect(dialog).toContainText('Replace');
      await dialog.getByRole('button', { name: 'Replace it' }).click();
      await expect(code).toHaveCount(0);
      await look();
      await toCode.click({ force: true });
      await expect(code).toContainText(kind === 'SQL' ? 'mine' : '1');
    }
  );
}

test(
  'letters that come without a pause, also right after Tab and on a slow machine, are all there',
  { tag: '@smoke' },
  async ({ open }) => {
    const page = await open({ refresh: '', ...ofQuery({}) });
    const values = page.getByTestId('filter-values').getByRole('combobox');
    const browser = await page.context().newCDPSession(page);
    for (const [label, slower] of Object.entries({ framework: 1, agent: 4 })) {
      await browser.send('Emulation.setCPUThrottlingRate', { rate: slower });
      await page.getByRole('button', { name: 'Add filter' }).click();
      await page.keyboard.type(label);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.type('abcdefgh');
      await expect(values.last()).toHaveValue('abcdefgh');
      await expect(values.last()).toBeFocused();
      await expect(page.getByRole('combobox', { name: `Values of ${label}` })).toBeVisible();
      await expect(values.last()).toHaveValue('abcdefgh');
      await page.keyboard.press('Enter');
      await expect(compiled(page)).toContainText(`${label}="abcdefgh"`);
    }
  }
);
