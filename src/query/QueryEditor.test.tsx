import { CoreApp, FieldType, LoadingState, toDataFrame, type PanelData } from '@grafana/data';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { MesosDatasource } from '../datasource';
import { MesosResources } from '../resources';
import { giveElementsASize } from '../testing/layout';
import { fakeBackend, type FakeAnswers } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import { defaultQuery } from './defaults';
import { interpolateQuery } from './interpolate';
import QueryEditor from './QueryEditor';
import type { MesosQuery } from './types';

const mockTemplates = fakeTemplates({ framework: { value: ['marathon', 'spark'], multi: true } });
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));
// Monaco does not run in jsdom: a plain field with the same value and hooks.
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: ({ value, onBlur, language }: { value: string; onBlur: (text: string) => void; language: string }) => (
    <textarea aria-label={language} defaultValue={value} onBlur={(event) => onBlur(event.currentTarget.value)} />
  ),
}));

beforeAll(giveElementsASize);

const answered = (state = LoadingState.Done): PanelData => ({ state, series: [], timeRange: {} as never });

function setUp(query: Partial<MesosQuery> = {}, answers: FakeAnswers = {}, app = CoreApp.PanelEditor) {
  const backend = fakeBackend({
    compile: (query) => ({ promql: `compiled(${(query as MesosQuery).measure ?? (query as MesosQuery).metric})` }),
    ...answers,
  });
  const datasource = {
    resources: new MesosResources(backend),
    applyTemplateVariables: (query: MesosQuery) => interpolateQuery(query, mockTemplates),
  } as unknown as MesosDatasource;
  const onChange = jest.fn();
  const onRunQuery = jest.fn();
  function Host({ data }: { data?: PanelData }) {
    const [current, setCurrent] = useState<MesosQuery>({ refId: 'A', ...query });
    return (
      <QueryEditor
        app={app}
        datasource={datasource}
        data={data}
        query={current}
        onChange={(next) => {
          onChange(next);
          setCurrent(next);
        }}
        onRunQuery={onRunQuery}
      />
    );
  }
  const data = answered();
  const view = render(<Host data={data} />);
  return {
    backend,
    onChange,
    onRunQuery,
    user: userEvent.setup(),
    rerender: (data: PanelData) => view.rerender(<Host data={data} />),
  };
}

async function choose(user: ReturnType<typeof userEvent.setup>, label: string, option: string) {
  await user.click(screen.getByLabelText(label));
  await user.click(await screen.findByRole('option', { name: new RegExp(`^${option}`) }));
}

const compiled = () => screen.getByTestId('compiled-promql');

/** Compiles the filters of a query, its ad-hoc ones among them. */
function withFilters(query: unknown) {
  const { filters = [], adhocFilters = [] } = query as MesosQuery;
  const all = [...filters, ...adhocFilters.map(({ key, ...rest }) => ({ label: key, ...rest }))];
  return { promql: `x{${all.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join()}}` };
}

describe('builder', () => {
  it('shows CPU allocated per framework in an untouched row, and its PromQL', async () => {
    const { onChange } = setUp();
    expect(await screen.findByLabelText('Entity')).toHaveValue('Framework');
    expect(screen.getByLabelText('Resource')).toHaveValue('CPU');
    expect(screen.getByLabelText('Measure')).toHaveValue('Allocated');
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(allocated)'));
    expect(onChange.mock.calls).toEqual([[{ refId: 'A', ...defaultQuery() }]]);
  });

  it('keeps the choices consistent: another entity has its own measures', async () => {
    const { onChange, user } = setUp({ entity: 'framework', resource: 'cpus', measure: 'share' });
    await choose(user, 'Entity', 'Agent');
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', entity: 'agent', resource: 'cpus', measure: 'capacity' });
    await choose(user, 'Measure', 'Utilization');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ measure: 'utilization' }));
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(utilization)'));
  });

  it('queries a series of the catalogue', async () => {
    const { onChange, user } = setUp({ queryType: 'metrics', version: 1, entity: 'agent' });
    await screen.findByLabelText('Entity');
    await user.click(screen.getByLabelText('By series'));
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
    await user.type(screen.getByRole('combobox', { name: 'Series' }), 'mesos_up');
    await user.click(await screen.findByRole('option', { name: /^mesos_up/ }));
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', queryType: 'metrics', version: 1, metric: 'mesos_up' });
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(mesos_up)'));
  });

  it('comes back to what was asked of entities, and to the series', async () => {
    const { onChange, user } = setUp({ entity: 'agent', resource: 'cpus', measure: 'utilization' });
    await waitFor(() => expect(screen.getByLabelText('Measure')).toHaveValue('Utilization'));
    await user.click(screen.getByLabelText('By series'));
    await user.type(screen.getByRole('combobox', { name: 'Series' }), 'mesos_up');
    await user.click(await screen.findByRole('option', { name: /^mesos_up/ }));
    await user.click(screen.getByLabelText('By entity'));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ entity: 'agent', resource: 'cpus', measure: 'utilization' })
    );
    expect(onChange.mock.lastCall[0]).not.toHaveProperty('metric');
    await user.click(screen.getByLabelText('By series'));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ metric: 'mesos_up' }));
  });

  it('groups by labels, or by none for a total', async () => {
    const { onChange, user } = setUp();
    await choose(user, 'Group by', 'principal');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ groupBy: ['principal'] }));
    await user.click(await screen.findByRole('option', { name: /^Total/ }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ groupBy: [] }));
  });

  it('offers a rate for counters and a forecast for the others', async () => {
    const { user, onChange } = setUp({ entity: 'framework', resource: 'tasks', measure: 'failed' });
    await waitFor(() => expect(screen.queryByLabelText('Forecast')).not.toBeInTheDocument());
    await choose(user, 'Counted', 'Per second');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ rate: 'second' }));
    await choose(user, 'Measure', 'Running');
    expect(onChange).toHaveBeenLastCalledWith(expect.not.objectContaining({ rate: expect.anything() }));
    expect(screen.getByLabelText('Forecast')).toBeInTheDocument();
  });

  it('shows what a counter is counted in, also as it was stored before there were several', async () => {
    const { user, onChange } = setUp({ entity: 'framework', resource: 'tasks', measure: 'failed', rate: true });
    await waitFor(() => expect(screen.getByLabelText('Counted')).toHaveValue('Per second'));
    await choose(user, 'Counted', 'Per minute');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ rate: 'minute' }));
    await choose(user, 'Counted', 'In each step');
    expect(onChange).toHaveBeenLastCalledWith(expect.not.objectContaining({ rate: expect.anything() }));
    expect(screen.getByLabelText('Counted')).toHaveValue('In each step');
  });

  it('offers how tasks of agents ended, with a rate', async () => {
    const { user, onChange } = setUp({ entity: 'agent', resource: 'tasks', measure: 'active' });
    await choose(user, 'Measure', 'Failed');
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(failed)'));
    await choose(user, 'Counted', 'Per minute');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ measure: 'failed', rate: 'minute' }));
  });

  it('takes top and forecast when their field is left', async () => {
    const { user, onChange } = setUp({ entity: 'agent' });
    await user.type(await screen.findByLabelText('Top'), '5');
    expect(onChange).not.toHaveBeenCalled();
    await user.tab();
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ top: 5 }));
    await user.type(screen.getByLabelText('Forecast'), '1x{Enter}');
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ forecast: '1x' }));
    expect(screen.getByText('"1x" is not a valid duration, for example 1h, 1d')).toBeInTheDocument();
  });

  it('shows why a query is impossible, with the backend’s message', async () => {
    setUp(
      { entity: 'framework', resource: 'cpus', measure: 'utilization' },
      {
        compile: () => {
          throw { data: { error: 'measure: a framework has no capacity: use share' } };
        },
      }
    );
    expect(await screen.findByText('measure: a framework has no capacity: use share')).toBeInTheDocument();
  });

  it('shows warnings of the compilation', async () => {
    setUp({}, { compile: () => ({ promql: 'x', warnings: ['The key "foo" is not known.'] }) });
    expect(await screen.findByText('The key "foo" is not known.')).toBeInTheDocument();
  });

  it('shows PromQL with its variables', async () => {
    setUp(
      { entity: 'framework', filters: [{ label: 'framework', operator: '=', value: '$framework' }] },
      { compile: withFilters }
    );
    await waitFor(() => expect(compiled()).toHaveTextContent('x{framework="$framework"}'));
  });

  it('says that the catalogue could not be loaded, and tries again', async () => {
    const { backend, user } = setUp({}, { catalogue: new Error('plugin unavailable') });
    expect(await screen.findByText('Could not load the query catalogue: plugin unavailable')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(backend.calls.filter(({ path }) => path === 'catalogue')).toHaveLength(2));
  });
});

describe('events', () => {
  const events = { queryType: 'events' as const, version: 1, format: 'table' as const };

  it('are another kind of query, without PromQL; the metrics come back as they were', async () => {
    const { backend, onChange, user } = setUp({ ...defaultQuery(), top: 5, live: true });
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(allocated)'));
    await user.click(screen.getByLabelText('Events'));
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...events });
    expect(screen.queryByTestId('compiled-promql')).not.toBeInTheDocument();
    expect(screen.queryByLabelText('Code')).not.toBeInTheDocument();
    const compilations = backend.calls.filter(({ path }) => path === 'compile').length;

    await user.click(screen.getByLabelText('Metrics'));
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...defaultQuery(), top: 5, live: true });
    expect(compilations).toBe(1);
  });

  it('are chosen by kind, severity and filters, whose values are those of the event log', async () => {
    const { backend, onChange, user } = setUp(events, {
      labels: ['__name__', 'agent', 'label_team'],
      events: { reason: ['executor_terminated', 'container_limitation_memory'] },
    });
    await choose(user, 'Kinds', 'Task');
    await user.keyboard('{Escape}');
    await choose(user, 'Severity', 'Warnings and errors');
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    const menu = (part: string) => within(screen.getByTestId(`filter-${part}`)).getByRole('combobox');
    await user.click(menu('label'));
    expect(await screen.findByRole('option', { name: /^label_team/ })).toBeInTheDocument();
    await user.click(screen.getByRole('option', { name: /^reason/ }));
    await user.type(menu('values'), 'memory');
    await user.click(await screen.findByRole('option', { name: /^container_limitation_memory/ }));
    expect(backend.calls.filter(({ path }) => path === 'events/values').at(-1)?.input).toEqual({
      field: 'reason',
      search: 'memory',
      limit: 1000,
    });
    expect(onChange).toHaveBeenLastCalledWith({
      refId: 'A',
      ...events,
      kinds: ['task'],
      severity: 'warning',
      filters: [{ label: 'reason', operator: '=', value: 'container_limitation_memory' }],
    });
  });

  it('are counted by groups; other formats have none', async () => {
    const { onChange, user } = setUp({ ...events, limit: 5000 });
    expect(screen.queryByLabelText('Group by')).not.toBeInTheDocument();
    await choose(user, 'Format', 'Count');
    await choose(user, 'Group by', 'agent_id');
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...events, format: 'count', groupBy: ['agent_id'] });
    await user.keyboard('{Escape}');
    await choose(user, 'Format', 'Timeline');
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...events, format: 'timeline' });
  });

  it('have a limit that depends on the format', async () => {
    const { onChange, user } = setUp({ ...events, format: 'timeline' });
    const limit = screen.getByLabelText('Limit');
    expect(limit).toHaveAttribute('placeholder', '100');
    await user.type(limit, '5000{Enter}');
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...events, format: 'timeline', limit: 5000 });
    expect(screen.getByText('5000 is out of range: 1 to 1000')).toBeInTheDocument();
    await user.clear(limit);
    await user.tab();
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...events, format: 'timeline' });
    expect(screen.queryByText(/out of range/)).not.toBeInTheDocument();
  });

  it('are counted in a rule, and nothing of the old query stays where Grafana merges the two', async () => {
    const { onChange, user } = setUp({ ...defaultQuery(), instant: true, range: false }, {}, CoreApp.UnifiedAlerting);
    await user.click(await screen.findByLabelText('Events'));
    const stored = JSON.parse(JSON.stringify({ ...defaultQuery(), ...onChange.mock.lastCall?.[0] }));
    expect(stored).toEqual({
      refId: 'A',
      queryType: 'events',
      version: 1,
      severity: 'error',
      format: 'count',
      range: false,
      instant: true,
    });
    await user.click(screen.getByLabelText('Format'));
    expect((await screen.findAllByRole('option')).map((option) => option.textContent)).toEqual([
      expect.stringMatching(/^Count/),
    ]);
    expect(screen.queryByLabelText('Limit')).not.toBeInTheDocument();
  });
});

describe('compilation', () => {
  afterEach(() => jest.useRealTimers());

  it('waits for the last of several changes, and ends with the editor', async () => {
    jest.useFakeTimers();
    const backend = fakeBackend();
    const datasource = {
      resources: new MesosResources(backend),
      applyTemplateVariables: (query: MesosQuery) => query,
    } as unknown as MesosDatasource;
    const editor = (top?: number) => (
      <QueryEditor
        datasource={datasource}
        query={{ refId: 'A', entity: 'agent', top }}
        onChange={jest.fn()}
        onRunQuery={jest.fn()}
      />
    );
    const compilations = () => backend.calls.filter(({ path }) => path === 'compile');
    const view = render(editor());
    view.rerender(editor(1));
    await act(() => jest.advanceTimersByTimeAsync(200));
    view.rerender(editor(2));
    await act(() => jest.advanceTimersByTimeAsync(299));
    expect(compilations()).toHaveLength(0);
    await act(() => jest.advanceTimersByTimeAsync(1));
    expect(compilations().map(({ input }) => (input as { query: MesosQuery }).query.top)).toEqual([2]);

    view.rerender(editor(3));
    view.unmount();
    await jest.advanceTimersByTimeAsync(1000);
    expect(compilations()).toHaveLength(1);
  });
});

describe('mode', () => {
  it('goes to code with the compiled PromQL and back without a loss', async () => {
    const { onChange, user } = setUp({ entity: 'agent', resource: 'cpus', measure: 'capacity', top: 3 });
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(capacity)'));
    await user.click(screen.getByLabelText('Code'));
    const code = await screen.findByLabelText('mesos-promql');
    expect(code).toHaveValue('compiled(capacity)');
    expect(onChange).toHaveBeenLastCalledWith({
      refId: 'A',
      queryType: 'promql',
      version: 1,
      expr: 'compiled(capacity)',
      legendFormat: '__auto',
    });

    await user.click(screen.getByLabelText('Builder'));
    expect(onChange).toHaveBeenLastCalledWith(
      expect.objectContaining({ queryType: 'metrics', entity: 'agent', top: 3 })
    );
  });

  it('waits for the PromQL where code is chosen before it arrived', async () => {
    let answer = (_: unknown) => {};
    const { backend, onChange, user } = setUp(
      { entity: 'agent', resource: 'cpus', measure: 'capacity' },
      { compile: () => new Promise((resolve) => (answer = resolve)) }
    );
    await user.click(screen.getByLabelText('Code'));
    await waitFor(() => expect(backend.calls.map(({ path }) => path)).toContain('compile'));
    expect(screen.getByLabelText('Entity')).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();

    await act(async () => answer({ promql: 'late(x)' }));
    expect(await screen.findByLabelText('mesos-promql')).toHaveValue('late(x)');
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ queryType: 'promql', expr: 'late(x)' }));
  });

  it('takes the PromQL of the query as it is now, not of an earlier one', async () => {
    const { user } = setUp({ entity: 'framework', resource: 'cpus', measure: 'allocated' });
    await waitFor(() => expect(compiled()).toHaveTextContent('compiled(allocated)'));
    await choose(user, 'Measure', 'Share');
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByLabelText('mesos-promql')).toHaveValue('compiled(share)');
  });

  it('stays in the builder and says why where there is no PromQL', async () => {
    const { onChange, user } = setUp(
      { entity: 'framework', resource: 'cpus', measure: 'utilization' },
      {
        compile: () => {
          throw { data: { error: 'measure: a framework has no capacity: use share' } };
        },
      }
    );
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByText('measure: a framework has no capacity: use share')).toBeInTheDocument();
    await waitFor(() => expect(screen.getByLabelText('Builder')).toBeChecked());
    expect(screen.getByLabelText('Entity')).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('compiles again after an error', async () => {
    let failures = 1;
    const { user } = setUp(
      { entity: 'agent', resource: 'cpus', measure: 'capacity' },
      {
        compile: () => {
          if (failures-- > 0) {
            throw new Error('Bad Gateway');
          }
          return { promql: 'second(x)' };
        },
      }
    );
    expect(await screen.findByText('Bad Gateway')).toBeInTheDocument();
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByLabelText('mesos-promql')).toHaveValue('second(x)');
  });

  it('stays in the builder when it is chosen again before the PromQL arrived', async () => {
    let answer = (_: unknown) => {};
    const { onChange, user } = setUp(
      { entity: 'agent', resource: 'cpus', measure: 'capacity' },
      { compile: () => new Promise((resolve) => (answer = resolve)) }
    );
    await user.click(screen.getByLabelText('Code'));
    await user.click(screen.getByLabelText('Builder'));
    await waitFor(() => expect(compiled()).toBeInTheDocument());
    await act(async () => answer({ promql: 'late(x)' }));
    expect(onChange).not.toHaveBeenCalled();
  });

  it('keeps the code when its field is left, and compiles nothing', async () => {
    const { backend, onChange, user } = setUp({ expr: 'up' });
    await user.type(await screen.findByLabelText('mesos-promql'), ' + 1');
    await user.tab();
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', expr: 'up + 1' });
    expect(backend.calls.map(({ path }) => path)).not.toContain('compile');
  });
});

describe('what would be lost', () => {
  const filters = [{ label: 'framework', operator: '=' as const, value: '$framework' }];
  const adhocFilters = [
    { key: 'framework_id', operator: '=|', value: 'f1', values: ['f1', 'f2'] },
    { key: 'agent', operator: '=', value: 'a1' },
  ];

  it('variables stay in code, and a dashboard’s filters beside it', async () => {
    const { onChange, user } = setUp({ entity: 'framework', filters, adhocFilters }, { compile: withFilters });
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByLabelText('mesos-promql')).toHaveValue('x{framework="$framework"}');
    expect(onChange).toHaveBeenLastCalledWith({
      refId: 'A',
      queryType: 'promql',
      version: 1,
      expr: 'x{framework="$framework"}',
      legendFormat: '__auto',
      adhocFilters,
    });
    expect(screen.getByRole('button', { name: 'Remove filter agent = a1' })).toBeInTheDocument();
  });

  it('variables that code has no place for are named before the change', async () => {
    const { onChange, user } = setUp({ entity: 'framework', groupBy: ['$framework'] });
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByText('Replace variables by their current values?')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Stay in the builder' }));
    expect(onChange).not.toHaveBeenCalled();
    expect(screen.getByLabelText('Builder')).toBeChecked();

    await user.click(screen.getByLabelText('Code'));
    await user.click(await screen.findByRole('button', { name: 'Replace them' }));
    expect(await screen.findByLabelText('mesos-promql')).toBeInTheDocument();
  });

  it('variables of which only values can be compiled are named, too', async () => {
    const table = { queryType: 'table' as const, table: 'agents', filters: [{ ...filters[0], label: 'cpus' }] };
    const compile = (query: unknown) => {
      const value = (query as MesosQuery).filters?.[0].value;
      if (typeof value === 'string') {
        throw { data: { error: `"${value}" is not a number` } };
      }
      return { sql: `cpus IN (${value})` };
    };
    setUp(table, { compile });
    expect(await screen.findByText(/^Code has no place for \$framework/)).toBeInTheDocument();
    expect(screen.getByTestId('compiled-sql')).toHaveTextContent('cpus IN (marathon,spark)');
  });

  it('an own expression is replaced after a confirmation, and comes back', async () => {
    const { onChange, user } = setUp({ queryType: 'promql', expr: 'my(x)' });
    await user.click(screen.getByLabelText('Builder'));
    expect(await screen.findByText('Replace the expression?')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Stay in code' }));
    expect(onChange).not.toHaveBeenCalled();
    expect(screen.getByLabelText('Code')).toBeChecked();

    await user.click(screen.getByLabelText('Builder'));
    await user.click(await screen.findByRole('button', { name: 'Replace it' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ queryType: 'metrics', entity: 'framework' }));
    await user.click(screen.getByLabelText('Code'));
    expect(await screen.findByLabelText('mesos-promql')).toHaveValue('my(x)');
  });

  it('own SQL is, too', async () => {
    const { onChange, user } = setUp({ queryType: 'sql', sql: 'SELECT 1' });
    await user.click(screen.getByLabelText('Builder'));
    expect(await screen.findByText('Replace the SQL?')).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('a dashboard’s filters are removed one by one, or become filters of the query where it has their label', async () => {
    const { onChange, user } = setUp({ entity: 'framework', filters, adhocFilters });
    await user.click(screen.getByRole('button', { name: 'Make them filters of the query' }));
    const folded = { label: 'framework_id', operator: '=', value: ['f1', 'f2'] };
    await waitFor(() =>
      expect(onChange).toHaveBeenLastCalledWith({
        refId: 'A',
        entity: 'framework',
        filters: [...filters, folded],
        adhocFilters: [adhocFilters[1]],
      })
    );
    await user.click(screen.getByRole('button', { name: 'Remove filter agent = a1' }));
    expect(onChange.mock.lastCall?.[0]).not.toHaveProperty('adhocFilters');
    expect(screen.queryByText('Filters from a dashboard')).not.toBeInTheDocument();
  });

  it('the focus of a dashboard’s filter that is removed goes to the next one, and stays in the editor after the last', async () => {
    const one = { key: 'role', operator: '=', value: 'a"b<' };
    const { user } = setUp({ entity: 'framework', adhocFilters: [...adhocFilters, one] });
    const names = ['framework_id =| f1, f2', 'agent = a1', 'role = a"b<'];
    const chip = (name: string) => screen.getByRole('button', { name: `Remove filter ${name}` });
    chip(names[1]).focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(chip(names[2])).toHaveFocus());
    await user.keyboard('{Enter}');
    await waitFor(() => expect(chip(names[0])).toHaveFocus());
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByText('Filters from a dashboard')).not.toBeInTheDocument());
    await user.tab();
    expect(screen.getByRole('radio', { name: 'By entity' })).toHaveFocus();
  });
});

describe('running', () => {
  it('marks the button while the response is older than the query', async () => {
    const { onRunQuery, user, rerender } = setUp(defaultQuery());
    const button = screen.getByRole('button', { name: 'Run queries' });
    const calm = button.className;
    await choose(user, 'Measure', 'Share');
    expect(button.className).not.toBe(calm);
    await user.click(button);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    rerender(answered());
    expect(button.className).toBe(calm);
  });

  it('cannot be started twice at once', async () => {
    const { rerender } = setUp();
    await screen.findByLabelText('Measure');
    rerender(answered(LoadingState.Loading));
    expect(screen.getByRole('button', { name: 'Run queries' })).toBeDisabled();
  });

  it('has no button in Explore, which has its own', async () => {
    setUp({}, {}, CoreApp.Explore);
    await screen.findByLabelText('Measure');
    expect(screen.queryByRole('button', { name: 'Run queries' })).not.toBeInTheDocument();
  });
});

describe('below the query', () => {
  const inPanel = (panelPluginId: string): PanelData => ({
    ...answered(),
    series: [toDataFrame({ refId: 'A', fields: [{ name: 'name', type: FieldType.string, values: ['web'] }] })],
    request: { panelPluginId } as PanelData['request'],
  });
  const advice = () => screen.queryAllByTestId('query-advice').map(({ textContent }) => textContent?.trim());

  it('stands which visualization draws what the panel does not, until the query is changed', async () => {
    const { rerender, user } = setUp({ queryType: 'table', version: 1, table: 'tasks' });
    expect(advice()).toEqual([]);
    rerender(inPanel('timeseries'));
    expect(advice()).toEqual([
      'Time series is not made for rows: choose the visualization Table, and run the query again.',
    ]);
    rerender(inPanel('table'));
    expect(advice()).toEqual([]);
    rerender(inPanel('timeseries'));
    await user.type(screen.getByRole('textbox', { name: 'Limit' }), '5{Enter}');
    expect(advice()).toEqual([]);
  });

  it('a click mends what it can, and runs the query', async () => {
    const { onChange, onRunQuery, rerender, user } = setUp({ queryType: 'events', version: 1 });
    rerender(inPanel('table'));
    await user.click(screen.getByRole('button', { name: 'Show as a table' }));
    expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ queryType: 'events', format: 'table' }));
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('stands what is to be chosen first', () => {
    setUp({ queryType: 'logs', version: 1 }, {}, CoreApp.Explore);
    expect(advice()).toEqual(['Choose a task: its log is read then.']);
  });
});
