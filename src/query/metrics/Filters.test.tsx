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

function setUp(filters: Filter[] = [], frameworks = ['marathon', 'spark'], draws = true, loaded = Promise.resolve()) {
  const onChange = jest.fn();
  const lists = {
    labels: async () => {
      await loaded;
      return { values: ['agent', 'attr_rack', 'framework', 'role'], total: 4 };
    },
    values: jest.fn(async (label: string, typed = '') => {
      const values = frameworks.filter((value) => label === 'framework' && value.includes(typed));
      return { values: values.slice(0, 1000), total: values.length };
    }),
  };
  function Host() {
    const [current, setCurrent] = useState(filters);
    return (
      <Filters
        filters={current}
        lists={lists}
        onChange={(next) => {
          onChange(next);
          if (draws) {
            setCurrent(next);
          }
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
  expect(lists.values).toHaveBeenCalledWith('framework', '', []);
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
  const props = {
    lists: { labels: async () => ({ values: [], total: 0 }), values: async () => ({ values: [] }) },
    onChange: jest.fn(),
  };
  const { rerender } = render(<Filters {...props} filters={[{ label: 'role', operator: '=', value: 'web' }]} />);
  rerender(<Filters {...props} filters={[{ label: 'agent', operator: '=', value: 'a1' }]} />);
  await waitFor(() => expect(menuOf('label')).toHaveValue('agent'));
});

it('keeps a filter that is added before the change of another one is drawn', async () => {
  const { onChange, user } = setUp([{ label: 'framework', operator: '=', value: 'marathon' }], undefined, false);
  await user.click(menuOf('operator'));
  await user.click(await screen.findByRole('option', { name: /^!=/ }));
  await user.click(screen.getByRole('button', { name: 'Add filter' }));
  expect(screen.getAllByTestId('filter-label')).toHaveLength(2);
  await waitFor(() => expect(menuOf('operator')).toHaveValue('!='));
  expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '!=', value: 'marathon' }]);
});

describe('by keyboard', () => {
  it('what is typed into the values before the label is chosen is not lost', async () => {
    let load = () => {};
    const loaded = new Promise<void>((resolve) => {
      load = resolve;
    });
    const { onChange, user } = setUp([], undefined, true, loaded);
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    expect(menuOf('label')).toHaveFocus();
    await user.keyboard('framew{Tab}{Tab}mara');
    expect(menuOf('label')).toHaveValue('framew');
    expect(menuOf('values')).toHaveValue('mara');

    load(); // the label is chosen then, and has values of its own
    await waitFor(() => expect(menuOf('label')).toHaveValue('framework'));
    expect(menuOf('values')).toHaveFocus();
    await waitFor(() => expect(menuOf('values')).toHaveValue('mara'));
    await user.keyboard('th{Enter}');
    await waitFor(() =>
      expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '=', value: 'marathon' }])
    );
  });

  it('a part of a label finds it, and is no label itself', async () => {
    const { user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    expect(menuOf('label')).toHaveFocus();
    await user.keyboard('rack{ArrowDown}{Enter}');
    await waitFor(() => expect(menuOf('label')).toHaveValue('attr_rack'));
  });

  it('what is typed over a chosen label is not lost when the labels arrive', async () => {
    const { user } = setUp([{ label: 'agent', operator: '=', value: 'x' }]);
    await user.click(menuOf('label'));
    await screen.findByRole('option', { name: /^attr_rack/ });
    await user.keyboard('rack{Enter}');
    await waitFor(() => expect(menuOf('label')).toHaveValue('attr_rack'));
  });

  it('Down and Enter that are pressed before values arrive choose among those', async () => {
    const { onChange, lists, user } = setUp([{ label: 'framework', operator: '=', value: 'x' }]);
    await user.click(menuOf('values'));
    await screen.findByRole('option', { name: /^marathon/ });
    // They are asked for some time after the last letter, before or after the keys: the page may be slow.
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    lists.values.mockImplementation(async () => {
      await arrived;
      return { values: ['spark'], total: 1 };
    });
    await user.type(menuOf('values'), 'spa{ArrowDown}{Enter}', { skipClick: true });
    expect(onChange).not.toHaveBeenCalled();
    arrive();
    await waitFor(() => expect(onChange).toHaveBeenCalled());
    expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '=', value: ['x', 'spark'] }]);
  });

  it('a text that is no listed value is the last choice', async () => {
    const { onChange, user } = setUp([{ label: 'framework', operator: '=~', value: 'x' }]);
    await user.type(menuOf('values'), 'spar');
    await screen.findByRole('option', { name: /^spar\s*Use this text/ });
    const options = screen.getAllByRole('option', { name: /spar/ });
    expect(options.map(({ textContent }) => textContent)).toEqual(['spark', 'sparUse this text']);
    await user.click(options[1]);
    expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '=~', value: ['x', 'spar'] }]);
  });

  it('every control has a name', async () => {
    setUp([{ label: 'framework', operator: '=', value: 'x' }]);
    for (const name of ['Label of the filter', 'Comparison of the filter', 'Values of framework']) {
      expect(await screen.findByRole('combobox', { name })).toBeInTheDocument();
    }
  });
});

describe('a label that nothing has', () => {
  it('is named, with the nearest one, which a click takes', async () => {
    const { onChange, user } = setUp([{ label: 'framwork', operator: '!=', value: 'spark' }]);
    const said = await screen.findByText('Nothing has the label framwork in the time range. Do you mean framework?');
    expect(menuOf('label')).toHaveAttribute('aria-invalid', 'true');
    expect(menuOf('label')).toHaveAttribute('aria-describedby', said.id);
    await user.click(screen.getByRole('button', { name: 'Use framework' }));
    expect(onChange).toHaveBeenLastCalledWith([{ label: 'framework', operator: '!=', value: 'spark' }]);
    expect(screen.queryByText(/^Nothing has/)).not.toBeInTheDocument();
    expect(menuOf('label')).not.toHaveAttribute('aria-invalid');
  });

  it('is named where it was typed, and is no label', async () => {
    const { onChange, user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    await user.keyboard('my_rack{Tab}');
    expect(
      await screen.findByText('Nothing has the label my_rack in the time range. Do you mean attr_rack?')
    ).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Use attr_rack' }));
    await waitFor(() => expect(menuOf('label')).toHaveValue('attr_rack'));
    expect(screen.queryByText(/^Nothing has/)).not.toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('is not named where it was taken back, or is a part of one that is chosen', async () => {
    const { user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    await user.keyboard('my_rack{Escape}{Tab}');
    await user.click(menuOf('label'));
    await user.keyboard('rack{Enter}');
    await waitFor(() => expect(menuOf('label')).toHaveValue('attr_rack'));
    expect(screen.queryByText(/^Nothing has/)).not.toBeInTheDocument();
  });

  it('says that a filter without a label is not in the query', async () => {
    const { onChange, user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Add filter' }));
    await user.click(menuOf('values'));
    await user.click(await screen.findByRole('option', { name: /^\(absent\)/ }));
    expect(await screen.findByText('Choose a label: without one the filter is not in the query.')).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('is not judged as a variable, and while not all labels are known', async () => {
    setUp([{ label: '$framework', operator: '=', value: 'x' }]);
    await userEvent.setup().click(menuOf('label'));
    await screen.findByRole('option', { name: /^attr_rack/ });
    expect(screen.queryByText(/^Nothing has/)).not.toBeInTheDocument();
  });
});

describe('a long list', () => {
  const many = Array.from({ length: 4983 }, (_, i) => `task-${i}`);

  it('says how much of it is shown, and is searched by the backend, of what passes the other filters', async () => {
    const role = { label: 'role', operator: '=' as const, value: 'web' };
    const { onChange, lists, user } = setUp([{ label: 'framework', operator: '=', value: 'x' }, role], many);
    await user.click(menuOf('values'));
    const said = '1,000 of 4,983 values: type a part of the one you look for';
    expect(await screen.findByText(said)).toBeInTheDocument();
    await user.type(menuOf('values'), '4982', { skipClick: true });
    await user.click(await screen.findByText('task-4982'));
    expect(lists.values).toHaveBeenLastCalledWith('framework', '4982', [role]);
    expect(screen.queryByText(said)).not.toBeInTheDocument();
    expect(onChange.mock.lastCall?.[0][0].value).toEqual(['x', 'task-4982']);
  });

  it('says why it could not be loaded', async () => {
    const { lists, user } = setUp([{ label: 'framework', operator: '=', value: 'x' }]);
    lists.values.mockRejectedValue({ data: { error: 'the cluster is not read yet' } });
    await user.click(menuOf('values'));
    expect(await screen.findByText('Could not load the list: the cluster is not read yet')).toBeInTheDocument();
  });
});

describe('a regular expression', () => {
  const odd = ['a.b(c', 'odd$framework', 'plain'];

  it('elsewhere a listed value is as it is: one that is called like a variable is read as that variable', async () => {
    const { onChange, user } = setUp([{ label: 'framework', operator: '=', value: 'x' }], odd);
    await choose(user, menuOf('values'), 'odd\\$framework');
    expect(onChange.mock.lastCall?.[0][0].value).toEqual(['x', 'odd$framework']);
  });

  it('has the values of the list escaped, and what is typed as it is', async () => {
    const { onChange, user } = setUp([{ label: 'framework', operator: '=~', value: 'x.*' }], odd);
    await choose(user, menuOf('values'), 'a\\.b\\(c');
    expect(onChange.mock.lastCall?.[0][0].value).toEqual(['x.*', 'a\\.b\\(c']);
    await user.click(screen.getByRole('option', { name: 'odd$framework' }));
    expect(onChange.mock.lastCall?.[0][0].value.at(-1)).toBe('odd[$]framework');
    await user.type(menuOf('values'), 'p.*n', { skipClick: true });
    await user.click(await screen.findByRole('option', { name: /^p\.\*n/ }));
    expect(onChange.mock.lastCall?.[0][0].value.at(-1)).toBe('p.*n');
  });

  it('is not what other comparisons compare with', async () => {
    const { onChange, user } = setUp([{ label: 'framework', operator: '=', value: 'x.*' }], odd);
    await choose(user, menuOf('values'), 'a\\.b\\(c');
    expect(onChange.mock.lastCall?.[0][0].value).toEqual(['x.*', 'a.b(c']);
  });
});
