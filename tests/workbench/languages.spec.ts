// The editors in Chinese: no English text is left in them but names, and what is written in queries and settings.
import { expect, type Locator, type Page } from '@playwright/test';

import { beyondEdge } from './axe.ts';
import { test } from './fixtures.ts';
import { picture } from './pictures.ts';

/** Names, which are the same in every language, and texts of Grafana's own parts, whose translations are in no package. */
const ALLOWED = [
  /SELECT [\w ]+/g,
  /Apache Mesos|Mesos|Grafana|Prometheus|PromQL|SQL|ZooKeeper|DC\/OS|SELECT|WHERE/g,
  /\b(CPUs?|GPUs?|IDs?|URLs?|HTTPS?|TLS|CA|JSON|YAML|API|DNS|JWT|UTC|RE2|IP|SOCKS|Cookie|Authorization|znode)\b/g,
  /State timeline|Stat|Bar gauge|Reduce|Shift\+Enter|Ctrl\+Space|\boffer\b/g,
  // Texts of @grafana/ui and @grafana/plugin-ui.
  /^(Choose|Select all|Clear value|Loading|Loading editor|Remove .+|Info)$/,
];

/** What is written in queries, settings and configuration: identifiers, labels, tables, addresses, sizes, durations. */
const WRITTEN = [
  /\w+:\/\/\S+|\/[\w./-]+|\b[\w-]+(\.[\w-]+)+(:\d+)?\b|\b[\w-]+:\d+/g,
  /\$?[a-z]\w*_[\w*]+|\$__\w+|\$\w+|\{\{?[^}]*\}\}?|\w+\(\)|[a-z]+[A-Z]\w+/g,
  /\b\d+(\.\d+)?\s?[A-Za-z]+\b/g,
  /\b(agent|framework|role|task|tasks|text|value|stdout|stderr|used|rate|deriv|cluster|poll)\b/g,
];

/** Returns the English texts of a part of the page: what is drawn, and what screen readers read. */
async function englishIn(part: Locator, allowed: RegExp[] = []): Promise<string[]> {
  const texts = await part.evaluateAll((roots) => {
    const skipped =
      '[data-testid="test-report"] :is(dd, td, th[scope="row"]), code, pre, .monaco-editor, [data-testid^="compiled-"], style, script';
    const found: string[] = [];
    for (const root of roots) {
      for (const element of [root, ...root.querySelectorAll('*')]) {
        if (element.closest(skipped) || !element.checkVisibility()) {
          continue;
        }
        for (const name of ['aria-label', 'placeholder', 'title', 'alt']) {
          found.push(element.getAttribute(name) ?? '');
        }
        const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
        found.push(...own.map(({ textContent }) => textContent ?? ''));
        // What a menu shows is chosen from its options; what is typed is not a text of ours.
        if (element instanceof HTMLInputElement && element.getAttribute('role') === 'combobox') {
          found.push(element.value);
        }
      }
    }
    return [...new Set(found.map((text) => text.trim()).filter(Boolean))];
  });
  const isEnglish = (text: string) =>
    /[A-Za-z]{2}/.test([...allowed, ...ALLOWED, ...WRITTEN].reduce((rest, names) => rest.replace(names, ' '), text));
  return texts.filter(isEnglish);
}

/** What the backend's catalogue has of a series: help, labels, type and unit. */
const OF_CATALOGUE = [
  /(^|：)[A-Z0-9][^\u4e00-\u9fff]*\.$/,
  /^[\w*]+(, [\w*]+)+$/,
  /\b(counter|gauge|summary|untyped|none|bool|bytes|count|cpus|gpus|ratio|seconds|time|agent_id)\b/g,
  /^Close$/,
];

const editorOf = (page: Page) => page.getByTestId('query-editor');

test('the language of the page is that of the editors, and is chosen above', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({ lang: 'zh-Hans' });
  await expect(editorOf(page).getByRole('button', { name: /选项/ })).toBeVisible();
  await page.getByRole('radio', { name: 'English' }).check({ force: true });
  await expect(editorOf(page).getByRole('button', { name: /Options/ })).toBeVisible();
});

const metrics = { refId: 'A', queryType: 'metrics', version: 1 };
const queries: Array<[what: string, query: object]> = [
  ['metrics', { ...metrics, entity: 'agent', resource: 'cpus', measure: 'utilization', top: 5 }],
  ['counted tasks', { ...metrics, entity: 'framework', resource: 'tasks', measure: 'failed', rate: 'minute' }],
  ['room for tasks', { ...metrics, entity: 'agent', resource: 'tasks', measure: 'fits', shape: { cpus: 1 } }],
  ['a series', { ...metrics, metric: 'mesos_up' }],
  ['PromQL', { refId: 'A', queryType: 'promql', version: 1, expr: 'sum(rate(mesos_up[5m]))' }],
  ['a table', { refId: 'A', queryType: 'table', version: 1, table: 'tasks' }],
  ['SQL', { refId: 'A', queryType: 'sql', version: 1, sql: 'SELECT 1' }],
  ['events', { refId: 'A', queryType: 'events', version: 1, format: 'count' }],
  ['logs', { refId: 'A', queryType: 'logs', version: 1 }],
  ['a topology', { refId: 'A', queryType: 'topology', version: 1, groupBy: ['framework', 'agent'] }],
];

for (const [what, query] of queries) {
  test(`the editor of ${what} has no English text`, { tag: '@texts' }, async ({ open }, info) => {
    const page = await open({ lang: 'zh-Hans', queries: [query] });
    await expect(editorOf(page).getByText('指标').first()).toBeVisible();
    await expect(page.getByText('Loading', { exact: false })).toHaveCount(0);
    const options = editorOf(page).getByRole('button', { name: /选项/ });
    if ((await options.count()) > 0) {
      await options.click();
    }
    await page.screenshot({ path: info.outputPath('editor.png'), fullPage: true });
    expect(await englishIn(editorOf(page))).toEqual([]);
  });
}

test('the menus of the editor of metrics have no English option', { tag: '@texts' }, async ({ open }) => {
  const page = await open({ lang: 'zh-Hans' });
  for (const name of ['实体', '资源', '度量', '聚合']) {
    await editorOf(page).getByRole('combobox', { name }).click();
    await expect(page.getByRole('option').first()).toBeVisible();
    expect(await englishIn(page.getByRole('listbox')), name).toEqual([]);
    await page.keyboard.press('Escape');
  }
});

test('the explanation of an expression has no English text', { tag: '@texts' }, async ({ open }, info) => {
  const expr = 'topk(3, sum by (agent) (rate(mesos_agent_tasks_ended_total{agent!="a"}[5m])) / 2 > 0)';
  const page = await open({ lang: 'zh-Hans', queries: [{ refId: 'A', queryType: 'promql', version: 1, expr }] });
  const explain = editorOf(page).getByRole('switch', { name: '解释' });
  await explain.check({ force: true });
  await expect(editorOf(page).getByText('每秒平均增长率', { exact: false })).toBeVisible();
  await page.screenshot({ path: info.outputPath('explanation.png'), fullPage: true });
  expect(await englishIn(editorOf(page), OF_CATALOGUE)).toEqual([]);
});

for (const [button, title] of [
  ['指标浏览器', '指标浏览器'],
  ['启动您的查询', '启动您的查询'],
]) {
  test(`what ${button} opens has no English text`, { tag: '@texts' }, async ({ open }, info) => {
    const page = await open({ lang: 'zh-Hans' });
    await editorOf(page).getByRole('button', { name: button }).click();
    const dialog = page.getByRole('dialog', { name: title });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByText('正在加载', { exact: false })).toHaveCount(0);
    await page.screenshot({ path: info.outputPath('dialog.png'), fullPage: true });
    expect(await englishIn(dialog, OF_CATALOGUE)).toEqual([]);
  });
}

test('the help has no English text but queries', { tag: '@texts' }, async ({ open }, info) => {
  const page = await open({ lang: 'zh-Hans' });
  await page.getByRole('button', { name: 'Help' }).click();
  const help = page.getByTestId('query-A');
  await expect(help.getByRole('heading', { name: '速查表' })).toBeVisible();
  await page.screenshot({ path: info.outputPath('help.png'), fullPage: true });
  expect(await englishIn(help.getByRole('heading').or(help.locator('p, li')))).toEqual([]);
});

for (const kind of ['实体', '标签值', 'PromQL', 'SQL']) {
  test(`the editor of a variable has no English text: ${kind}`, { tag: '@texts' }, async ({ open }, info) => {
    const page = await open({ lang: 'zh-Hans', tab: 'editors' });
    const editor = page.getByTestId('variable-editor');
    await editor.getByRole('radio', { name: kind, exact: true }).check({ force: true });
    await expect(editor.getByRole('textbox').or(editor.getByRole('combobox')).first()).toBeVisible();
    await page.screenshot({ path: info.outputPath('variable.png'), fullPage: true });
    expect(await englishIn(editor)).toEqual([]);
  });
}

for (const source of ['事件', 'PromQL']) {
  test(`the editor of an annotation has no English text: ${source}`, { tag: '@texts' }, async ({ open }, info) => {
    const page = await open({ lang: 'zh-Hans', tab: 'editors' });
    const editor = page.getByTestId('annotation-editor');
    await editor.getByRole('radio', { name: source, exact: true }).check({ force: true });
    await expect(editor.getByText(source === '事件' ? '严重程度' : '最小步长')).toBeVisible();
    await page.screenshot({ path: info.outputPath('annotation.png'), fullPage: true });
    expect(await englishIn(editor)).toEqual([]);
  });
}

/** Texts of the parts of @grafana/plugin-ui, which has one language: introduction, authentication, sections. */
const OF_PLUGIN_UI = [
  /^Before you can use the$|^data source, you must configure it below.*$|^view the documentation$|^Fields marked with \* are required$/,
  /^(Authentication( methods?)?|Choose an authentication method .*|No Authentication|TLS settings|Additional security .*)$/,
  /^(Add self-signed certificate|TLS Client Authentication|Skip TLS certificate validation|Add)$/,
  /^(Collapse|Expand) section/,
];

/** Names in descriptions of settings. */
const OF_SETTINGS = [/Web UI|label_<name>|\bEnter\b/g];

test(
  'the settings have no English text but what @grafana/plugin-ui writes',
  { tag: '@smoke' },
  async ({ open }, info) => {
    const page = await open({ lang: 'zh-Hans', tab: 'settings' });
    const editor = page.getByTestId('config-editor');
    await expect(editor.getByText('轮询间隔').or(editor.getByText('采集')).first()).toBeVisible();
    for (const section of ['采集', '代理节点', '历史', '日志', '高级']) {
      const unfold = editor.getByRole('button', { name: `Expand section ${section}` });
      if (await unfold.isVisible()) {
        await unfold.click();
      }
      await expect(editor.getByRole('button', { name: `Collapse section ${section}` })).toBeVisible();
    }
    await page.getByTestId('save-and-test').click();
    await expect(page.getByTestId('test-result')).toBeVisible();
    await page.screenshot({ path: info.outputPath('settings.png'), fullPage: true });
    // What the backend sends is English, such as the values of the report.
    expect(await englishIn(editor, [...OF_PLUGIN_UI, ...OF_SETTINGS])).toEqual([]);
  }
);

// For people to look at: test-results/pictures.
const zh = { lang: 'zh-Hans', refresh: '' };
const PICTURES: Array<[name: string, parameters: Record<string, unknown>, wait: string, click?: string]> = [
  ['builder', { ...zh, queries: [queries[0][1]] }, 'compiled-promql'],
  [
    'code',
    { ...zh, queries: [{ refId: 'A', queryType: 'promql', version: 1, expr: 'rate(mesos_up[5m])' }] },
    'promql-hint',
  ],
  ['metrics-browser', { ...zh, queries: [queries[0][1]] }, 'compiled-promql', '指标浏览器'],
  ['settings', { lang: 'zh-Hans', tab: 'settings' }, 'config-editor'],
];

for (const [name, parameters, wait, click] of PICTURES) {
  test(`at 900 px nothing reaches beyond the edge of the page in Chinese: ${name}`, async ({ open }) => {
    const page = await open(parameters);
    await page.setViewportSize({ width: 900, height: 1000 });
    await expect(page.getByTestId(wait).first()).toBeVisible();
    if (click) {
      await editorOf(page).getByRole('button', { name: click }).click();
      await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
    }
    await picture(page, `zh-900-${name}`);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(900);
    expect(await beyondEdge(page.locator(click ? '[role="dialog"]' : 'body'))).toEqual([]);
  });
}
