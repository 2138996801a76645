import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../../testing/layout';
import { fakeTemplates } from '../../testing/templates';
import type { Filter } from '../types';
import { Filters } from './Filters';

const mockTemplates = fakeTemplates({ framework: { value: 'x' } });
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

beforeAll(giveElementsASize);

function setUp(filters: Filter[] = []) {
  const onChange = jest.fn();
  const lists = {
    labels: async () => ['framework', 'role'],
    values: jest.fn(async (label: string) => (label === 'framework' ? ['marathon', 'spark'] : [])),
  };
  function Host() {
    const [current, setCurrent] = useState(filters);
    return (
      <Filters
        filters={current}
        lists={lists}
        onChange={(next) => {
          onChange(next);
          setCurrent(next);
        }}
      />
    );
  }
  const view = render(<Host />);
  return { onChange, lists, user: userEvent.setup(), view };
}

const menuOf = (part: string, at = 0) => within(screen.getAllByTestId(`filter-${part}`)[at]).getByRole('combobox');

async function choose(user: ReturnType<typeof userEvent.setup>, menu: HTMLElement, option: string) {
  await user.click(menu);
  await user.click(await screen.findByRole('option', { name: new RegExp(`^${option}`) }));
}

it('makes a filter of a label and a value; an unfinished one is not in the query', async () => {
  const { onChange, lists, user } = setUp();
  await user.click(screen.getByRole('button', { name: 'Add filter' }));
  await choose(user, menuOf('label'), 'framework');
  expect(onChange).not.toHaveBeenCalled();

  await choose(user, menuOf('values'), 'marathon');
  expect(lists.values).toHaveBeenCalledWith('framework', '');
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '=', value: 'marathon' }]);
});

it('makes a list of several values', async () => {
  const { onChange, user } = setUp([{ label: 'framework', operator: '=', value: 'marathon' }]);
  await choose(user, menuOf('values'), 'spark');
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '=', value: ['marathon', 'spark'] }]);
});

it('offers dashboard variables and the absent label', async () => {
  const { onChange, user } = setUp([{ label: 'role', operator: '=', value: 'web' }]);
  await user.click(menuOf('values'));
  expect(await screen.findByRole('option', { name: /^\$framework/ })).toBeInTheDocument();
  await user.click(screen.getByRole('option', { name: /^\(absent\)/ }));
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'role', operator: '=', value: ['web', ''] }]);
});

it('changes the operator and keeps the value', async () => {
  const { onChange, user } = setUp([{ label: 'role', operator: '=', value: 'web' }]);
  await choose(user, menuOf('operator'), '=~');
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'role', operator: '=~', value: 'web' }]);
});

it('forgets the values of another label', async () => {
  const { onChange, user } = setUp([{ label: 'role', operator: '=', value: 'web' }]);
  await choose(user, menuOf('label'), 'framework');
  expect(onChange).toHaveBeenLastCalledWith([]);
});

it('removes a filter', async () => {
  const { onChange, user } = setUp([
    { label: 'role', operator: '=', value: 'web' },
    { label: 'framework', operator: '!=', value: 'spark' },
  ]);
  await user.click(screen.getAllByRole('button', { name: 'Remove filter' })[0]);
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '!=', value: 'spark' }]);
});

it('shows filters that were changed elsewhere', async () => {
  const props = { lists: { labels: async () => [], values: async () => [] }, onChange: jest.fn() };
  const { rerender } = render(<Filters {...props} filters={[{ label: 'role', operator: '=', value: 'web' }]} />);
  rerender(<Filters {...props} filters={[{ label: 'agent', operator: '=', value: 'a1' }]} />);
  await waitFor(() => expect(menuOf('label')).toHaveValue('agent'));
});
