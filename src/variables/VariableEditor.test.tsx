import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { MesosDatasource } from '../datasource';
import { interpolateQuery } from '../query/interpolate';
import type { MesosQuery, Variable } from '../query/types';
import { MesosResources } from '../resources';
import { giveElementsASize } from '../testing/layout';
import { fakeBackend, type FakeAnswers } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import VariableEditor from './VariableEditor';

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

function setUp(variable?: Variable | string, answers: FakeAnswers = {}) {
  const backend = fakeBackend(answers);
  const datasource = {
    resources: new MesosResources(backend),
    applyTemplateVariables: (query: MesosQuery) => interpolateQuery(query, mockTemplates),
  } as unknown as MesosDatasource;
  const onChange = jest.fn();
  // Grafana hands over '' for a new variable.
  const saved =
    typeof variable === 'object' && !('query' in variable)
      ? { refId: 'A', queryType: 'variable', version: 1, variable }
      : (variable ?? '');
  function Host() {
    const [query, setQuery] = useState(saved as MesosQuery);
    return (
      <VariableEditor
        datasource={datasource}
        query={query}
        onChange={(next) => {
          onChange(next);
          setQuery(next);
        }}
        onRunQuery={jest.fn()}
      />
    );
  }
  render(<Host />);
  return { backend, onChange, user: userEvent.setup() };
}

async function choose(user: ReturnType<typeof userEvent.setup>, menu: HTMLElement, option: string) {
  await user.click(menu);
  await user.click(await screen.findByRole('option', { name: new RegExp(`^${option}`) }));
}

const saved = (variable: Variable) => ({ refId: 'A', queryType: 'variable', version: 1, variable });

it.each([undefined, {}])('begins with the names of frameworks, and stores that: %j', async (variable) => {
  const { onChange } = setUp(variable);
  await waitFor(() => expect(screen.getByLabelText('Entity')).toHaveValue('Framework'));
  expect(screen.getByLabelText('Entities')).toBeChecked();
  expect(screen.getByLabelText('Name')).toBeChecked();
  expect(onChange.mock.calls).toEqual([
    [
      {
        refId: variable ? 'A' : 'variable',
        queryType: 'variable',
        version: 1,
        variable: { entities: { entity: 'framework', field: 'name' } },
      },
    ],
  ]);
});

it('leaves a query of another data source until a list is chosen', async () => {
  const { onChange, user } = setUp('show tag values');
  expect(await screen.findByText(/"show tag values" is not a query/)).toBeInTheDocument();
  expect(onChange).not.toHaveBeenCalled();
  await user.click(screen.getByLabelText('Entities'));
  expect(onChange).toHaveBeenLastCalledWith({
    refId: 'variable',
    queryType: 'variable',
    version: 1,
    variable: { entities: { entity: 'framework', field: 'name' } },
  });
});

it.each<[string, string | object, Variable]>([
  ['a text', 'label_values(mesos_agent_info, agent)', { labelValues: { label: 'agent', match: 'mesos_agent_info' } }],
  [
    'an object',
    { query: 'query_result(mesos_up)', refId: 'StandardVariableQuery', qryType: 3 },
    { promql: 'mesos_up' },
  ],
])('stores %s of Prometheus as the list that it stands for', async (_, saved, variable) => {
  const { onChange } = setUp(saved as string);
  await waitFor(() => expect(onChange).toHaveBeenCalledTimes(1));
  const refId = typeof saved === 'string' ? 'variable' : 'StandardVariableQuery';
  expect(onChange).toHaveBeenCalledWith({ refId, queryType: 'variable', version: 1, variable });
});

it('leaves label_names, which is no list of its own', async () => {
  const { onChange } = setUp('label_names()');
  expect(await screen.findByText(/"label_names\(\)" lists the names of labels/)).toBeInTheDocument();
  expect(onChange).not.toHaveBeenCalled();
});

it('saves a whole query', async () => {
  const { onChange, user } = setUp();
  await waitFor(() => expect(screen.getByLabelText('Entity')).toHaveValue('Framework'));

  await user.click(screen.getByLabelText('ID'));
  expect(onChange).toHaveBeenLastCalledWith({
    refId: 'variable',
    queryType: 'variable',
    version: 1,
    variable: { entities: { entity: 'framework', field: 'id' } },
  });
});

it('lists another entity, without the filters on labels it does not have', async () => {
  const cluster = { label: 'cluster', operator: '=' as const, value: 'prod' };
  const filters = [{ label: 'framework', operator: '=' as const, value: 'x' }, cluster];
  const { onChange, user } = setUp({ entities: { entity: 'framework', field: 'id', filters } });
  await waitFor(() => expect(screen.getByLabelText('Entity')).toHaveValue('Framework'));
  await choose(user, screen.getByLabelText('Entity'), 'Agent');
  expect(onChange).toHaveBeenLastCalledWith(saved({ entities: { entity: 'agent', field: 'id', filters: [cluster] } }));
});

it('filters entities by their labels, values and other variables', async () => {
  const { onChange, user } = setUp({ entities: { entity: 'framework' } }, { values: { principal: ['etl', 'web'] } });
  await waitFor(() => expect(screen.getByLabelText('Entity')).toHaveValue('Framework'));
  await user.click(screen.getByRole('button', { name: 'Add filter' }));
  await choose(user, within(screen.getByTestId('filter-label')).getByRole('combobox'), 'principal');
  const values = within(screen.getByTestId('filter-values')).getByRole('combobox');
  await choose(user, values, 'etl');
  expect(onChange).toHaveBeenLastCalledWith(
    saved({ entities: { entity: 'framework', filters: [{ label: 'principal', operator: '=', value: 'etl' }] } })
  );
  expect(await screen.findByRole('option', { name: /^\$framework/ })).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Remove filter' }));
  expect(onChange).toHaveBeenLastCalledWith(saved({ entities: { entity: 'framework' } }));
});

it('lists the values of a label of some series', async () => {
  const { backend, onChange, user } = setUp(
    { labelValues: { label: '' } },
    { labels: ['__name__', 'agent', 'role'], values: { __name__: ['mesos_agent_info', 'mesos_up'] } }
  );
  await choose(user, screen.getByLabelText('Of series'), 'mesos_agent_info');
  expect(onChange).toHaveBeenLastCalledWith(saved({ labelValues: { label: '', match: 'mesos_agent_info' } }));
  await choose(user, screen.getByLabelText('Label'), 'agent');
  expect(onChange).toHaveBeenLastCalledWith(saved({ labelValues: { label: 'agent', match: 'mesos_agent_info' } }));
  expect(backend.calls.filter(({ path }) => path === 'labels').at(-1)?.input).toEqual({
    limit: 10_000,
    'match[]': ['mesos_agent_info'],
  });
});

it('lists the names of series', async () => {
  const { onChange, user } = setUp({ labelValues: { label: 'agent' } }, { labels: ['agent'] });
  await choose(user, screen.getByLabelText('Label'), '__name__');
  expect(onChange).toHaveBeenLastCalledWith(saved({ labelValues: { label: '__name__' } }));
});

it('takes any selector, and completes labels with the values of its variables', async () => {
  const { backend, onChange, user } = setUp({ labelValues: { label: 'task' } }, { labels: ['task'] });
  await user.type(screen.getByLabelText('Of series'), 'x{{framework=~"$framework"}');
  await user.click(await screen.findByRole('option', { name: /^x\{/ }));
  const match = 'x{framework=~"$framework"}';
  expect(onChange).toHaveBeenLastCalledWith(saved({ labelValues: { label: 'task', match } }));
  await user.click(screen.getByLabelText('Label'));
  await waitFor(() =>
    expect(backend.calls.filter(({ path }) => path === 'labels').at(-1)?.input).toEqual({
      limit: 10_000,
      'match[]': ['x{framework=~"(marathon|spark)"}'],
    })
  );
});

it('lists what an expression gives, with a text of one’s own', async () => {
  const { onChange, user } = setUp({ promql: 'up' });
  await user.type(await screen.findByLabelText('mesos-promql'), ' == 1');
  await user.tab();
  expect(onChange).toHaveBeenLastCalledWith(saved({ promql: 'up == 1' }));
  await user.type(screen.getByLabelText('Text'), '{{{{poll}}{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ ...saved({ promql: 'up == 1' }), legendFormat: '{{poll}}' });
});

it('keeps what another kind held while it is open, and saves one kind only', async () => {
  const { onChange, user } = setUp({ entities: { entity: 'agent', field: 'id' } });
  await user.click(screen.getByLabelText('PromQL'));
  expect(onChange).toHaveBeenLastCalledWith(saved({ promql: '' }));
  await user.click(screen.getByLabelText('Label values'));
  expect(onChange).toHaveBeenLastCalledWith(saved({ labelValues: { label: '' } }));
  await user.click(screen.getByLabelText('Entities'));
  expect(onChange).toHaveBeenLastCalledWith(saved({ entities: { entity: 'agent', field: 'id' } }));
});

it('says that the catalogue could not be loaded, and keeps the entity', async () => {
  const { onChange } = setUp({ entities: { entity: 'agent' } }, { catalogue: new Error('plugin unavailable') });
  expect(await screen.findByText('Could not load the query catalogue: plugin unavailable')).toBeInTheDocument();
  expect(screen.getByLabelText('Entity')).toHaveValue('Agent');
  expect(onChange).not.toHaveBeenCalled();
});
