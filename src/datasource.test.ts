import {
  CoreApp,
  hasQueryModificationSupport,
  hasToggleableQueryFiltersSupport,
  dateTime,
  type DataSourceApi,
  type DataSourceInstanceSettings,
  type TimeRange,
} from '@grafana/data';
import {
  DataSourceWithBackend,
  HealthCheckError,
  HealthStatus,
  setAppEvents,
  setBackendSrv,
  type BackendSrv,
} from '@grafana/runtime';
import { waitFor } from '@testing-library/react';
import { of, throwError } from 'rxjs';

import { annotationSupport } from './annotations/AnnotationSupport';
import { tests } from './config/tested';
import { MesosDatasource } from './datasource';
import plugin from './plugin.json';
import { defaultQuery } from './query/defaults';
import type { MesosQuery } from './query/types';
import { CATALOGUE } from './testing/catalogue';
import { fakeTemplates } from './testing/templates';

const mockTemplates = fakeTemplates({ framework: { value: ['a', 'b'], multi: true } });
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

interface Request {
  url: string;
  params?: Record<string, unknown>;
}

/** A data source whose requests are answered by path; Error answers are what Grafana's fetch rejects with. */
function setUp(answers: Record<string, unknown> = {}) {
  const requests: Request[] = [];
  setBackendSrv({
    fetch: (request: Request) => {
      requests.push(request);
      const path = request.url.replace('/api/datasources/uid/mesos/', '').replace('resources/', '');
      const given = answers[path];
      const answer = typeof given === 'function' ? given(request.params) : given;
      return answer instanceof Failure ? throwError(() => ({ data: answer.data })) : of({ data: answer });
    },
  } as unknown as BackendSrv);
  const settings = { uid: 'mesos', type: 'community-mesos-datasource', name: 'Mesos', jsonData: {} };
  return { datasource: new MesosDatasource(settings as DataSourceInstanceSettings<never>), requests };
}

class Failure {
  constructor(readonly data: unknown) {}
}

describe('Save & test', () => {
  it('is Grafana’s own, whose message has the summary, and the settings page gets the report', async () => {
    expect(Object.hasOwn(MesosDatasource.prototype, 'testDatasource')).toBe(false); // a rule of Grafana's plugin validator
    const report = { agents: 3 };
    const found: unknown[] = [];
    const subscription = tests.subscribe((one) => found.push(one));
    const { datasource } = setUp({ health: { status: 'OK', message: 'Mesos 1.12.0', details: { report } } });
    expect(await datasource.testDatasource()).toEqual({ status: 'success', message: 'Mesos 1.12.0' });
    subscription.unsubscribe();
    expect(found).toEqual([{ uid: 'mesos', at: expect.any(Number), report }]);
  });

  it('rejects with message and details of a failure', async () => {
    const details = { message: 'no leader', verboseMessage: 'Master a: connection refused' };
    const { datasource } = setUp({ health: new Failure({ status: 'ERROR', message: 'no leader', details }) });
    const err = await datasource.testDatasource().catch((err) => err);
    expect(err).toMatchObject({ status: 'error', message: 'no leader' });
    expect(err.error).toBeInstanceOf(HealthCheckError);
    expect(err.error.details).toEqual(details);
  });

  it('has a sentence where the plugin does not answer', async () => {
    const { datasource } = setUp({ health: new Failure(undefined) });
    await expect(datasource.testDatasource()).rejects.toMatchObject({
      message: 'The plugin did not respond: see Grafana’s server log',
    });
  });
});

describe('ad-hoc filters', () => {
  const answers = {
    catalogue: CATALOGUE,
    labels: { status: 'success', data: ['__name__', 'framework'] },
    'label-values': { status: 'success', data: ['marathon'] },
  };

  it('offer the labels of the panels’ series', async () => {
    const { datasource, requests } = setUp(answers);
    const queries = [
      { refId: 'A', ...defaultQuery() },
      { refId: 'B', metric: 'mesos_up' },
    ];
    const keys = await datasource.getTagKeys({ filters: [], queries });
    expect(keys.data.map(({ text }) => text)).toEqual(['cluster', 'framework', 'framework_id', 'poll', 'principal']);
    expect(requests.at(-1)?.params).toEqual({
      limit: 10_000,
      'match[]': ['mesos_framework_cpus_allocated', 'mesos_framework_info', 'mesos_up'],
    });
  });

  it('offer all labels where a query is PromQL', async () => {
    const { datasource, requests } = setUp(answers);
    const queries = [
      { refId: 'A', ...defaultQuery() },
      { refId: 'B', expr: 'up' },
    ];
    await datasource.getTagKeys({ filters: [], queries });
    expect(requests.at(-1)?.params).toEqual({ limit: 10_000 });
  });

  it('offer the labels of what passes the other filters, where those have a label of it', async () => {
    const { datasource, requests } = setUp(answers);
    const queries = [
      { refId: 'A', metric: 'mesos_agent_info' },
      { refId: 'B', metric: 'mesos_up' },
    ];
    const filters = [
      { key: 'agent', operator: '=', value: 'a1' },
      { key: 'poll', operator: '!=', value: 'state' },
    ];
    await datasource.getTagKeys({ filters, queries });
    expect(requests.at(-1)?.params).toMatchObject({
      'match[]': ['mesos_agent_info{agent="a1"}', 'mesos_up{poll!="state"}'],
    });
    await datasource.getTagKeys({ filters, queries: [{ refId: 'A', expr: 'up' }] });
    expect(requests.at(-1)?.params).toMatchObject({
      'match[]': ['{__name__!="",agent=~"|a1",poll!="state"}'],
    });
  });

  it('say how many labels there are where not all of them are offered', async () => {
    const { datasource } = setUp({
      ...answers,
      labels: { status: 'success', data: ['__name__', 'agent'], total: 20_001, warnings: ['2 of 20001'] },
    });
    expect(await datasource.getTagKeys({ filters: [], queries: [{ refId: 'A', expr: 'up' }] })).toEqual({
      data: [{ text: 'agent' }],
      error: { message: '1 of 20,000 labels: set another filter first, or write the label' },
    });
  });

  it('offer all labels where the other filters cannot be looked up', async () => {
    const { datasource } = setUp({
      ...answers,
      labels: (params: unknown) => (JSON.stringify(params).includes('=~') ? new Failure('no') : answers.labels),
    });
    const filters = [{ key: 'framework', operator: '=~', value: '(' }];
    expect(await datasource.getTagKeys({ filters, queries: [{ refId: 'A', expr: 'up' }] })).toEqual({
      data: [{ text: 'framework' }],
    });
  });

  it('offer the values of a label, of what passes the other filters in the time range', async () => {
    const { datasource, requests } = setUp(answers);
    const timeRange = { from: dateTime(60_000), to: dateTime(120_000) } as TimeRange;
    const filters = [
      { key: 'framework', operator: '=', value: 'x' },
      { key: 'role', operator: '=|', value: 'web', values: ['web', 'etl'] },
    ];
    expect(await datasource.getTagValues({ key: 'framework', filters, timeRange })).toEqual({
      data: [{ text: 'marathon' }],
    });
    expect(requests.at(-1)?.params).toEqual({
      label: 'framework',
      limit: 10_000,
      'match[]': ['{role=~"web|etl"}'],
      start: 60_000,
      end: 120_000,
    });
  });

  it('say how many values there are where not all of them are offered', async () => {
    const { datasource } = setUp({
      ...answers,
      'label-values': { status: 'success', data: ['a'], total: 100_000, warnings: ['1 of 100000 values are listed'] },
    });
    expect(await datasource.getTagValues({ key: 'task', filters: [] })).toEqual({
      data: [{ text: 'a' }],
      error: { message: '1 of 100,000 values: set another filter first, or write the whole value' },
    });
  });

  it('reach the backend as they are', () => {
    const { datasource } = setUp();
    const filter = { key: 'role', operator: '=', value: 'web' };
    expect(datasource.applyTemplateVariables({ refId: 'A', expr: 'up' }, {}, [filter]).adhocFilters).toEqual([filter]);
  });
});

it('has annotations, which plugin.json declares: else Grafana does not offer the data source for them', () => {
  expect(setUp().datasource.annotations).toBe(annotationSupport);
  expect(plugin.annotations).toBe(true);
});

it('names the fields of the settings page in what Save & test says', async () => {
  const { datasource } = setUp();
  const health = jest.spyOn(DataSourceWithBackend.prototype, 'callHealthCheck');
  health.mockResolvedValue({ status: HealthStatus.Error, message: '"x" is wrong (jsonData.retention)', details: {} });
  expect((await datasource.callHealthCheck()).message).toBe('"x" is wrong (Retention: jsonData.retention)');
  health.mockRestore();
});

describe('clicks on values in Explore', () => {
  const log: MesosQuery = { refId: 'A', queryType: 'logs', taskId: 't' };
  const code: MesosQuery = { refId: 'A', queryType: 'promql', expr: 'mesos_framework_tasks + mesos_up' };
  const options = { key: 'framework', value: 'marathon' };
  const filtered = 'mesos_framework_tasks{framework="marathon"} + mesos_up';

  async function opened() {
    const { datasource } = setUp({ catalogue: CATALOGUE, 'query?ds_type=community-mesos-datasource&requestId=Q': {} });
    datasource.query({ app: CoreApp.Explore, targets: [], range: {}, requestId: 'Q' } as never);
    // Both arrive after a moment.
    await waitFor(() =>
      expect(datasource.toggleQueryFilter(code, { type: 'FILTER_FOR', options }).expr).toBe(filtered)
    );
    return datasource;
  }

  it('change the query, and a second click takes that back', async () => {
    const datasource = await opened();
    const only = datasource.toggleQueryFilter(code, { type: 'FILTER_FOR', options });
    expect(datasource.queryHasFilter(code, options)).toBe(false);
    expect(datasource.queryHasFilter(only, options)).toBe(true);
    expect(datasource.toggleQueryFilter(only, { type: 'FILTER_FOR', options })).toEqual(code);
    expect(datasource.toggleQueryFilter(code, { type: 'FILTER_OUT', options }).expr).toContain('framework!="marathon"');
    expect(datasource.modifyQuery(code, { type: 'ADD_FILTER', options }).expr).toBe(filtered);
    expect(datasource.modifyQuery(only, { type: 'ADD_FILTER', options })).toEqual(only);
    expect(datasource.modifyQuery(code, { type: 'ADD_FILTER_OUT', options }).expr).toContain('framework!="marathon"');
  });

  it('filter lines of a log for a text, and say that none can be left out', () => {
    const { datasource } = setUp();
    const said: unknown[] = [];
    setAppEvents({ publish: (event: unknown) => said.push(event) } as never);
    expect(datasource.modifyQuery(log, { type: 'ADD_STRING_FILTER', options: { value: 'oops' } } as never).filter).toBe(
      'oops'
    );
    expect(datasource.toggleQueryFilter(log, { type: 'FILTER_OUT', options })).toEqual(log);
    expect(said).toEqual([{ type: 'alert-warning', payload: [expect.stringContaining('leaves none out')] }]);
  });

  it.each(['agent', 'task_id', 'file'])('say that all lines of a log have its %s', (key) => {
    const { datasource } = setUp();
    const said: unknown[] = [];
    setAppEvents({ publish: (event: unknown) => said.push(event) } as never);
    expect(datasource.toggleQueryFilter(log, { type: 'FILTER_FOR', options: { key, value: 'x' } })).toEqual(log);
    expect(datasource.modifyQuery(log, { type: 'ADD_FILTER', options: { key, value: 'x' } })).toEqual(log);
    const text = `All lines of this log have this ${key}: a filter for it would change nothing`;
    expect(said).toEqual(Array(2).fill({ type: 'alert-warning', payload: [text] }));
  });

  it('say nothing where they change a log', () => {
    const { datasource } = setUp();
    const said: unknown[] = [];
    setAppEvents({ publish: (event: unknown) => said.push(event) } as never);
    const options = { key: 'level', value: 'error' };
    expect(datasource.toggleQueryFilter(log, { type: 'FILTER_FOR', options }).filter).toBe('error');
    expect(said).toEqual([]);
  });

  it('are those that Grafana asks for', () => {
    const { datasource } = setUp();
    expect(hasToggleableQueryFiltersSupport(datasource)).toBe(true);
    expect(hasQueryModificationSupport(datasource)).toBe(true);
    expect(datasource.modifyQuery(code, { type: 'ADD_SOMETHING', options })).toBe(code);
  });
});

describe('queries', () => {
  const { datasource } = setUp();

  it('begin with the default one; in rules, whose form shows it without storing it, the editor does that', () => {
    expect(datasource.getDefaultQuery(CoreApp.UnifiedAlerting)).toEqual({});
    expect(datasource.getDefaultQuery(CoreApp.Explore)).toEqual(defaultQuery(CoreApp.Explore));
  });

  it('run when they ask for something', () => {
    expect(datasource.filterQuery({ refId: 'A', expr: 'up' })).toBe(true);
    expect(datasource.filterQuery({ refId: 'A', queryType: 'promql', expr: '' })).toBe(false);
  });

  it('have a text', () => {
    expect(datasource.getQueryDisplayText({ refId: 'A', ...defaultQuery() })).toBe('CPU allocated by framework');
  });

  it('get the values of variables', () => {
    const query: MesosQuery = { refId: 'A', filters: [{ label: 'framework', operator: '=', value: '$framework' }] };
    expect(datasource.applyTemplateVariables(query, {}).filters?.[0].value).toEqual(['a', 'b']);
  });

  it('come from Prometheus with their PromQL, from another Mesos source as they are', async () => {
    const prometheus = { type: 'prometheus' } as DataSourceApi;
    const mesos = { type: 'community-mesos-datasource' } as DataSourceApi;
    const query = { refId: 'A', expr: 'rate(x[5m])', exemplar: true };
    // Not the newer interface: it hands over label matchers only and loses functions.
    /* eslint-disable @typescript-eslint/no-deprecated */
    expect(await datasource.importQueries([query], prometheus)).toEqual([
      { refId: 'A', queryType: 'promql', version: 1, expr: 'rate(x[5m])' },
    ]);
    expect(await datasource.importQueries([query], mesos)).toEqual([query]);
    /* eslint-enable @typescript-eslint/no-deprecated */
  });
});
