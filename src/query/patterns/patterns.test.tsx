import { CoreApp } from '@grafana/data';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { defaultQuery } from '../defaults';
import type { MesosQuery } from '../types';
import { filled, isWritten, PATTERNS, patternsFor, SUBJECTS, TEXTS } from './patterns';
import { PatternsButton } from './PatternsButton';

const row = { refId: 'B', hide: false };
const fresh: MesosQuery = { ...row, ...defaultQuery() };
const pattern = (id: string) => PATTERNS.find((one) => one.id === id)!;

it('has texts for each pattern, and no others', () => {
  expect(PATTERNS.map(({ id }) => id).sort()).toEqual(Object.keys(TEXTS).sort());
  expect(PATTERNS.length).toBeGreaterThanOrEqual(12);
  expect(new Set(PATTERNS.map(({ about }) => about))).toEqual(new Set(Object.keys(SUBJECTS)));
});

it('fills a row, which keeps its name, its place and the filters of its dashboard', () => {
  const adhocFilters = [{ key: 'agent', operator: '=' as const, value: 'a1' }];
  expect(filled(pattern('agents-cpu'), { ...fresh, adhocFilters, top: 3, forecast: '1h' })).toEqual({
    ...fresh,
    adhocFilters,
    entity: 'agent',
    resource: 'cpus',
    measure: 'allocated',
    top: 5,
  });
  expect(filled(pattern('topology'), fresh)).toEqual({
    ...row,
    version: 1,
    queryType: 'topology',
    groupBy: ['framework', 'agent'],
  });
});

it('a rule gets numbers, of one moment', () => {
  const ids = patternsFor(CoreApp.UnifiedAlerting).map(({ id }) => id);
  expect(ids).toContain('who-fails');
  expect(ids).not.toContain('topology');
  expect(ids).not.toContain('framework-tasks');
  for (const id of ['who-fails', 'why-fails']) {
    expect(filled(pattern(id), fresh, CoreApp.UnifiedAlerting)).toMatchObject({ range: false, instant: true });
  }
});

it('something is written where a query is neither new nor a pattern', () => {
  expect(isWritten(fresh, [])).toBe(false);
  expect(isWritten({ ...row, queryType: 'table', version: 1, table: 'tasks' }, [])).toBe(false);
  expect(isWritten(filled(pattern('room'), fresh), [])).toBe(false);
  expect(isWritten({ ...fresh, top: undefined }, [])).toBe(false);
  expect(isWritten({ ...fresh, top: 3 }, [])).toBe(true);
  expect(isWritten({ ...row, queryType: 'promql', expr: 'up' }, [])).toBe(true);
});

describe('the list', () => {
  async function setUp(query: MesosQuery) {
    const onUse = jest.fn();
    const user = userEvent.setup();
    render(<PatternsButton query={query} others={[]} onUse={onUse} />);
    await user.click(screen.getByRole('button', { name: 'Kick start your query' }));
    await user.click(await screen.findByRole('button', { name: 'Who fails' }));
    return { onUse, user };
  }

  it('fills a new query at once', async () => {
    const { onUse } = await setUp(fresh);
    expect(onUse).toHaveBeenCalledWith(filled(pattern('who-fails'), fresh));
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('asks before it replaces what was written', async () => {
    const { onUse, user } = await setUp({ ...fresh, top: 3 });
    const question = await screen.findByRole('dialog');
    expect(question).toHaveTextContent('What the query asks now is replaced by "Who fails".');
    expect(onUse).not.toHaveBeenCalled();
    await user.click(within(question).getByRole('button', { name: 'Keep it' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
    expect(onUse).not.toHaveBeenCalled();

    await user.click(screen.getByRole('button', { name: 'Kick start your query' }));
    await user.click(await screen.findByRole('button', { name: 'Who fails' }));
    await user.click(await screen.findByRole('button', { name: 'Replace it' }));
    expect(onUse).toHaveBeenCalledWith(filled(pattern('who-fails'), fresh));
  });
});
