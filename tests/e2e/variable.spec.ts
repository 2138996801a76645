// Template variables: their editor, and their values in both kinds of query.
import { readAnswers } from './answers.ts';
import type { Query } from './api.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

const uid = 'mesos-e2e-variables';

const variable = (name: string, query: Query, more: object = {}) => ({
  type: 'query',
  name,
  datasource: { uid: source.uid },
  query: { refId: name, queryType: 'variable', ...query },
  refresh: 2,
  sort: 1,
  ...more,
});

const panel = (id: number, title: string, query: Query) => ({
  id,
  title,
  type: 'timeseries',
  datasource: { uid: source.uid },
  gridPos: { x: (id % 2) * 12, y: Math.floor(id / 2) * 9, w: 12, h: 9 },
  targets: [{ refId: 'A', datasource: { uid: source.uid }, ...query }],
});

interface QueryResult {
  error?: string;
  frames: Array<{ schema: { fields: Array<{ labels?: { framework: string } }> } }>;
}

test('multi-value and All variables select the same series in both kinds of query', async ({
  api,
  atEnd,
  mesos,
  page,
}) => {
  atEnd(() => api.forget(`/api/dashboards/uid/${uid}`));
  const { data: frameworks } = await api.call<{ data: string[] }>(
    'GET',
    `/api/datasources/uid/${mesos.uid}/resources/label-values?label=framework`
  );
  expect(frameworks.length).toBeGreaterThan(3);
  // One with regex characters in its name is among the recorded ones.
  const special = frameworks.find((name) => /[(){}.+*?]/.test(name)) ?? '';
  expect(special).not.toBe('');
  const chosen = [special, frameworks.find((name) => name !== special) ?? ''];

  await api.forget(`/api/dashboards/uid/${uid}`);
  await api.call('POST', '/api/dashboards/db', {
    overwrite: true,
    dashboard: {
      uid,
      title: 'Variables (e2e)',
      time: { from: 'now-5m', to: 'now' },
      templating: {
        list: [
          variable(
            'framework',
            { variable: { labelValues: { label: 'framework' } } },
            { multi: true, includeAll: true, current: { text: ['All'], value: ['$__all'] } }
          ),
        ],
      },
      panels: [
        panel(0, 'metrics', {
          ...cpusByFramework,
          filters: [{ label: 'framework', operator: '=', value: '$framework' }],
        }),
        panel(1, 'promql', {
          queryType: 'promql',
          expr: 'sum by (framework) (mesos_framework_cpus_allocated{framework=~"$framework"})',
          legendFormat: '{{framework}}',
        }),
      ],
    },
  });

  /** The names of the series in the panels' responses, by panel. */
  const shown = async (search: string) => {
    const answers: Array<Set<string>> = [];
    const stop = await readAnswers<QueryResult>(page, ({ queries, results }) => {
      if (queries[0]?.queryType === 'variable') {
        return;
      }
      expect(results.A?.error).toBeUndefined();
      const fields = (results.A?.frames ?? []).flatMap(({ schema }) => schema.fields);
      answers.push(new Set(fields.flatMap(({ labels }) => labels?.framework ?? [])));
    });
    await page.goto(`/d/${uid}?${search}`);
    await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2);
    await stop();
    return answers.slice(0, 2).map((names) => [...names].sort());
  };

  expect(await shown(chosen.map((name) => `var-framework=${encodeURIComponent(name)}`).join('&'))).toEqual([
    [...chosen].sort(),
    [...chosen].sort(),
  ]);
  const all = await shown('var-framework=$__all');
  expect(all[0].length).toBeGreaterThan(chosen.length);
  expect(all[0]).toEqual(all[1]);
});

test('the variable editor previews values', async ({ mesos, variableEditPage, page, picture }) => {
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(mesos.name);
  await variableEditPage.runQuery();
  await expect(page.getByText(/Preview of values/)).toBeVisible();
  await picture('variable-editor', page);
});
