import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../../testing/layout';
import { fakeResources } from '../../testing/resources';
import type { MesosQuery } from '../types';
import { EventsEditor } from './EventsEditor';

jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => ({ getVariables: () => [], replace: (text: string) => text }),
}));

beforeAll(giveElementsASize);

const resources = fakeResources({ events: { framework: ['marathon', 'spark'] } });

function setUp(asked: Partial<MesosQuery>, error?: string) {
  const onChange = jest.fn();
  function Host() {
    const [query, setQuery] = useState<MesosQuery>({ refId: 'A', queryType: 'events', ...asked });
    return (
      <EventsEditor
        query={query}
        resources={resources}
        error={error}
        onChange={(next) => {
          onChange(next);
          setQuery(next);
        }}
      />
    );
  }
  render(<Host />);
  return { onChange, user: userEvent.setup() };
}

it('the focus stays in a menu where a value is removed', async () => {
  const { onChange, user } = setUp({
    kinds: ['task', 'agent'],
    filters: [{ label: 'framework', operator: '=', value: ['marathon', 'spark'] }],
  });
  await user.click(screen.getByRole('button', { name: 'Remove Task' }));
  expect(onChange.mock.lastCall?.[0].kinds).toEqual(['agent']);
  expect(screen.getByLabelText('Kinds')).toHaveFocus();
  await user.click(screen.getByRole('button', { name: 'Remove marathon' }));
  await waitFor(() => expect(screen.getByRole('combobox', { name: 'Values of framework' })).toHaveFocus());
  expect(onChange.mock.lastCall?.[0].filters).toEqual([{ label: 'framework', operator: '=', value: 'spark' }]);
});

it('marks what the answer refuses where it is', () => {
  const filters = [
    { label: 'role', operator: '=' as const, value: 'web' },
    { label: 'framework', operator: '=~' as const, value: '(' },
  ];
  setUp({ filters }, 'filters[1].value: "(" is not a valid regular expression');
  expect(screen.getByRole('alert')).toHaveTextContent('"(" is not a valid regular expression');
  expect(screen.getByRole('combobox', { name: 'Values of framework' })).toBeInvalid();
  for (const label of screen.getAllByRole('combobox', { name: 'Label of the filter' })) {
    expect(label).toBeValid();
  }
});

it('marks the label of a filter where the answer refuses it, and not its values', () => {
  const filters = [{ label: 'framewrk', operator: '=' as const, value: 'marathon' }];
  setUp({ filters }, 'filters[0].label: unknown label "framewrk" (did you mean "framework"?)');
  expect(screen.getByRole('combobox', { name: 'Label of the filter' })).toBeInvalid();
  expect(screen.getByRole('combobox', { name: 'Values of framewrk' })).toBeValid();
});

it('marks a limit that is out of range', async () => {
  const { user } = setUp({ format: 'table' });
  await user.type(screen.getByLabelText('Limit'), '20000{Enter}');
  expect(screen.getByRole('alert')).toHaveTextContent('20000 is out of range: 1 to 10000');
});
