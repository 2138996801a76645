import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../../testing/layout';
import { fakeResources, type FakeAnswers } from '../../testing/resources';
import { defaultQuery } from '../defaults';
import { fakeTemplates } from '../../testing/templates';
import type { MesosQuery } from '../types';
import { MetricsEditor } from './MetricsEditor';

const mockTemplates = fakeTemplates();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

beforeAll(giveElementsASize);

const agents: MesosQuery = { refId: 'A', ...defaultQuery(), entity: 'agent' };

async function setUp(part: Partial<MesosQuery> = {}, error?: string, answers: FakeAnswers = {}) {
  const onChange = jest.fn();
  render(
    <MetricsEditor
      query={{ ...agents, ...part }}
      resources={fakeResources(answers)}
      error={error}
      onChange={onChange}
    />
  );
  await waitFor(() => expect(screen.getByLabelText('Entity')).toHaveValue('Agent'));
  return { onChange, user: userEvent.setup() };
}

it('marks a fraction of Top on its field, with what the backend says of it', async () => {
  const { onChange, user } = await setUp({ top: 1.5 }, 'top: must be a whole number, not 1.5');
  expect(screen.getByLabelText('Top')).toHaveAttribute('aria-invalid', 'true');
  expect(screen.getByText('Top must be a whole number, not 1.5')).toBeInTheDocument();
  for (const other of ['Group by', 'Aggregate', 'Forecast']) {
    expect(screen.getByLabelText(other)).not.toHaveAttribute('aria-invalid', 'true');
  }
  await user.clear(screen.getByLabelText('Top'));
  await user.type(screen.getByLabelText('Top'), '2.5{Enter}');
  expect(onChange).not.toHaveBeenCalled(); // neither rounded nor cut to what nobody wrote
  expect(screen.getByLabelText('Top')).toHaveValue('2.5');
  expect(screen.getByText('"2.5" is not a whole number: write for example 5')).toBeInTheDocument();
});

it('keeps a Top of 0, and says what is right', async () => {
  const { onChange, user } = await setUp({ top: 0 });
  expect(screen.getByLabelText('Top')).toHaveValue('0');
  expect(screen.getByLabelText('Top')).toHaveAttribute('aria-invalid', 'true');
  expect(screen.getByText(/^0 keeps nothing/)).toBeInTheDocument();
  await user.clear(screen.getByLabelText('Top'));
  await user.type(screen.getByLabelText('Top'), '{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ ...agents, top: undefined });
});

it('writes a Top of 0 as it was typed', async () => {
  const { onChange, user } = await setUp({});
  await user.type(screen.getByLabelText('Top'), '0{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ ...agents, top: 0 });
});

describe('Group by', () => {
  const group = () => screen.getByLabelText('Group by');

  it('takes the label that has what is typed, and no text that is no label', async () => {
    const { onChange, user } = await setUp({}, undefined, { labels: ['attr_rack'] });
    await user.click(group());
    await user.type(group(), 'rack', { skipClick: true });
    expect((await screen.findAllByRole('option')).map(({ textContent }) => textContent)).toEqual(['attr_rack']);
    await user.keyboard('{ArrowDown}{Enter}');
    await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ ...agents, groupBy: ['attr_rack'] }));
  });

  it('takes any text while labels are not known', async () => {
    const { onChange, user } = await setUp({}, undefined, { catalogue: new Error('not yet') });
    await user.click(group());
    await user.type(group(), 'attr_zone', { skipClick: true });
    await user.click(await screen.findByRole('option', { name: /attr_zone/ }));
    await waitFor(() => expect(onChange).toHaveBeenLastCalledWith({ ...agents, groupBy: ['attr_zone'] }));
  });
});

describe('the label of a filter', () => {
  const label = () => within(screen.getByTestId('filter-label')).getByRole('combobox');

  it('is any text while labels are not known', async () => {
    const { user } = await setUp({}, undefined, { catalogue: new Error('not yet') });
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    await user.keyboard('attr_zone');
    await user.click(await screen.findByRole('option', { name: /attr_zone/ }));
    await waitFor(() => expect(label()).toHaveValue('attr_zone'));
  });

  it('is a listed one otherwise', async () => {
    const { user } = await setUp({}, undefined, { labels: ['attr_rack'] });
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    await user.keyboard('rack');
    expect((await screen.findAllByRole('option')).map(({ textContent }) => textContent)).toEqual(['attr_rack']);
  });
});

it('keeps the filters that another entity lacks for the way back', async () => {
  const filters = [{ label: 'framework', operator: '=' as const, value: 'marathon' }];
  let stored: MesosQuery = { refId: 'A', ...defaultQuery(), filters };
  function Host() {
    const [query, setQuery] = useState(stored);
    stored = query;
    return <MetricsEditor query={query} resources={fakeResources()} onChange={setQuery} />;
  }
  render(<Host />);
  const user = userEvent.setup();
  const entity = screen.getByLabelText('Entity');
  const choose = async (name: string) => {
    await user.click(entity);
    await user.click(await screen.findByRole('option', { name: new RegExp(`^${name}`) }));
    await waitFor(() => expect(entity).toHaveValue(name));
  };
  await waitFor(() => expect(entity).toHaveValue('Framework'));
  await choose('Agent');
  expect(stored).not.toHaveProperty('filters');
  expect(screen.getByRole('status')).toHaveTextContent(/no such label: framework=marathon\. It comes back/);
  await choose('Framework');
  expect(stored.filters).toEqual(filters);
  expect(screen.getByRole('status')).toBeEmptyDOMElement();
});
