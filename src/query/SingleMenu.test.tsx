import type { ComboboxOption } from '@grafana/ui';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useSyncExternalStore } from 'react';

import { giveElementsASize } from '../testing/layout';
import { SingleMenu } from './SingleMenu';

beforeAll(giveElementsASize);

// A list that is another one at each rendering, as lists are that depend on the query.
const optionsOf = (chosen: string): ComboboxOption[] =>
  ['Agent', 'Framework', 'Role'].map((label) => ({
    value: label.toLowerCase(),
    label,
    description: `Instead of ${chosen}`,
  }));

it('reports a choice once, also where the chosen option is another object in the next list', async () => {
  const onChange = jest.fn();
  // As Explore keeps queries: outside of React, which renders at once.
  let kept = 'framework';
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  function Menu() {
    const chosen = useSyncExternalStore(subscribe, () => kept);
    const options = optionsOf(chosen);
    return (
      <SingleMenu
        id="entity"
        options={options}
        value={options.find(({ value }) => value === chosen) ?? null}
        onChange={({ value }) => {
          onChange(value);
          kept = value;
          listeners.forEach((listener) => listener());
        }}
      />
    );
  }
  const user = userEvent.setup();
  render(<Menu />);
  for (const label of ['Agent', 'Role', 'Agent']) {
    await user.click(screen.getByRole('combobox'));
    await user.click(await screen.findByRole('option', { name: new RegExp(`^${label}`) }));
  }
  expect(onChange.mock.calls).toEqual([['agent'], ['role'], ['agent']]);
  expect(screen.getByRole('combobox')).toHaveValue('Agent');
});
