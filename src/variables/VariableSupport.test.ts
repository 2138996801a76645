import type { DataQueryRequest, DataSourceInstanceSettings } from '@grafana/data';
import { setBackendSrv, type BackendSrv } from '@grafana/runtime';
import { firstValueFrom, of } from 'rxjs';

import { MesosDatasource } from '../datasource';
import type { MesosQuery } from '../query/types';
import { fakeTemplates } from '../testing/templates';
import { MesosVariableSupport } from './VariableSupport';

const mockTemplates = fakeTemplates({ framework: { value: ['a', 'b.c'], multi: true } });
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

/** The backend's response: a table of two text fields. */
const ANSWER = {
  results: {
    variable: {
      frames: [
        {
          schema: {
            refId: 'variable',
            fields: [
              { name: 'text', type: 'string' },
              { name: 'value', type: 'string' },
            ],
          },
          data: {
            values: [
              ['spark (1)', 'spark (2)'],
              ['1', '2'],
            ],
          },
        },
      ],
    },
  },
};

/** Queries as Grafana does: one target, no interval, no filters. */
function setUp() {
  const sent: Array<{ data: { queries: MesosQuery[] } }> = [];
  setBackendSrv({
    fetch: (request: never) => {
      sent.push(request);
      return of({ data: ANSWER });
    },
  } as unknown as BackendSrv);
  const settings = { uid: 'mesos', type: 'community-mesos-datasource', name: 'Mesos', jsonData: {} };
  const datasource = new MesosDatasource(settings as DataSourceInstanceSettings<never>);
  const variables = new MesosVariableSupport(datasource);
  const ask = (target: unknown, more: object = {}) =>
    firstValueFrom(
      variables.query({
        targets: [target],
        scopedVars: {},
        intervalMs: 0,
        maxDataPoints: 100,
        range: { from: 0, to: 1 },
        ...more,
      } as unknown as DataQueryRequest<MesosQuery>)
    );
  return { ask, sent, datasource, variables };
}

const entities = { queryType: 'variable', variable: { entities: { entity: 'framework', field: 'id' } } };

it('is the variable support of the data source', () => {
  expect(setUp().datasource.variables).toBeInstanceOf(MesosVariableSupport);
});

it('answers texts and values', async () => {
  const { data } = await setUp().ask({ refId: 'variable', ...entities });
  expect(data).toHaveLength(1);
  expect(data[0].fields.map(({ name, values }: { name: string; values: string[] }) => [name, values])).toEqual([
    ['text', ['spark (1)', 'spark (2)']],
    ['value', ['1', '2']],
  ]);
});

it('sends what the backend needs, also where a saved query has no refId', async () => {
  const { ask, sent } = setUp();
  await ask(entities);
  expect(sent[0].data.queries[0]).toMatchObject({
    refId: 'variable',
    queryType: 'variable',
    version: 1,
    variable: entities.variable,
    intervalMs: 0,
  });
});

it('takes the other variables of the dashboard, and not its ad-hoc filters', async () => {
  const { ask, sent } = setUp();
  const filters = [{ label: 'framework', operator: '=', value: '$framework' }];
  await ask(
    { ...entities, variable: { entities: { entity: 'agent', filters } } },
    { filters: [{ key: 'role', operator: '=', value: 'web' }] }
  );
  const [query] = sent[0].data.queries;
  expect(query.variable?.entities?.filters?.[0].value).toEqual(['a', 'b.c']);
  expect(query).not.toHaveProperty('adhocFilters');
});

it.each([[''], [undefined], [{}], [{ refId: 'A', variable: { labelValues: { label: '' } } }]])(
  'offers nothing for %j, which asks for nothing yet',
  async (target) => {
    const { ask, sent } = setUp();
    expect(await ask(target)).toEqual({ data: [] });
    expect(sent).toHaveLength(0);
  }
);

it.each([
  ['a text', 'label_values(mesos_slave_cpus, instance)', 'label_values(mesos_slave_cpus, instance)', 'variable'],
  [
    'an object',
    { query: 'label_values(x, y)', refId: 'StandardVariableQuery', qryType: 1 },
    'label_values(x, y)',
    'StandardVariableQuery',
  ],
  [
    'other variables in it',
    'label_values(x{framework="$framework"}, y)',
    'label_values(x{framework=~"(a|b\\\\.c)"}, y)',
    'variable',
  ],
  ['an object without a text', { qryType: 1, metric: 'x', label: 'y', refId: 'A' }, 'label_values(x, y)', 'A'],
])('sends %s that was written for Prometheus', async (_, target, query, refId) => {
  const { ask, sent } = setUp();
  await ask(target);
  expect(sent[0].data.queries[0]).toMatchObject({ refId, queryType: 'variable', query });
  expect(sent[0].data.queries[0]).not.toHaveProperty('variable');
});

it('leaves a new query to the editor: Grafana would show a default one without storing it', () => {
  expect(setUp().variables).not.toHaveProperty('getDefaultQuery');
});
