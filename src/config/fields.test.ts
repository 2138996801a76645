import { readFileSync } from 'node:fs';

import cases from '../../testdata/settings.json';
import { AGENTS, asksAgents, COLLECTION, CONNECTION, FIELDS, HISTORY, isSet, LOGS, TIMEOUT } from './fields';

const guide = readFileSync('docs/guide.md', 'utf8');

/** The rows of the guide's tables of settings: key, label on the page, default. */
function settingsInGuide() {
  const settings = guide.slice(guide.indexOf('\n## Settings\n'), guide.indexOf('\n## What is polled'));
  const rows = [...settings.matchAll(/^\| `(\w+)` +\| (?:_([^|]+)_)? *\| ([^|]+?) *\|/gm)];
  return rows.map(([, key, label, standard]) => ({ key, label, default: standard.replace(/^`(.*)`$/, '$1') }));
}

it('has each setting of the guide once, in its order and words', () => {
  const before = [{ key: 'masters', label: 'Masters' }];
  const headers = { key: 'agentHeaders', label: 'Agent headers' };
  const onPage = FIELDS.flatMap((field) => [
    { key: field.key, label: field.label() },
    ...(field.key === 'agentBasicAuthUser' ? [headers] : []),
  ]);
  expect(settingsInGuide().map(({ key, label }) => ({ key, label }))).toEqual([...before, ...onPage]);
});

it('has the tables of the guide on the page of the plugin, where the settings page leads to for documentation', () => {
  const page = readFileSync('src/README.md', 'utf8');
  const cells = (text: string) => text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').match(/^\| `\w+`.*$/gm);
  const rows = (text: string) => cells(text)?.map((row) => row.replace(/ +/g, ' '));
  const settings = guide.slice(guide.indexOf('\n## Settings\n'), guide.indexOf('\n## What is polled'));
  expect(rows(page)).toEqual(rows(settings));
  // Grafana shows the page alone: what lies beside it in the repository is not there.
  expect(page).not.toMatch(/\]\((?!https:)/);
});

it('has the defaults of the guide, where these are values', () => {
  const inGuide = Object.fromEntries(settingsInGuide().map((row) => [row.key, row.default]));
  const values = FIELDS.filter((field) => typeof field.default === 'string' && field.key !== 'webUrl');
  expect(values.length).toBeGreaterThan(8);
  for (const field of values) {
    expect([field.key, inGuide[field.key]]).toEqual([field.key, field.default]);
  }
});

it('offers the values that the backend takes', () => {
  for (const field of FIELDS) {
    if (field.kind === 'choice') {
      const refused = cases.find(({ key, message }) => key === field.key && message?.includes('write one of'));
      expect([field.key, refused?.message?.replace(/.*write one of /, '')]).toEqual([
        field.key,
        field.options.map(({ value }) => value).join(', '),
      ]);
    }
  }
});

it('knows which agents are queried', () => {
  expect(asksAgents({})).toBe(false);
  expect(asksAgents({ agentStatistics: true })).toBe(true);
  expect(asksAgents({ sandboxLogs: 'none' })).toBe(false);
  expect(asksAgents({ sandboxLogs: 'admin' })).toBe(true);
});

it('knows in which section something is set', () => {
  expect([CONNECTION, COLLECTION, AGENTS, HISTORY, LOGS, [TIMEOUT]].map((fields) => isSet(fields, {}))).not.toContain(
    true
  );
  expect(isSet(COLLECTION, { pollInterval: '' })).toBe(false);
  expect(isSet(COLLECTION, { pollInterval: '30s' })).toBe(true);
  expect(isSet([TIMEOUT], { timeout: 0 })).toBe(true);
});
