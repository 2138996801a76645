import { CoreApp } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../testing/layout';
import { QueryOptions } from './QueryOptions';
import type { MesosQuery } from './types';

beforeAll(giveElementsASize);

async function setUp(query: Partial<MesosQuery> = {}, app?: CoreApp, labels: string[] = []) {
  const onChange = jest.fn();
  const onRunQuery = jest.fn();
  function Host() {
    const [current, setCurrent] = useState<MesosQuery>({ refId: 'A', ...query });
    return (
      <QueryOptions
        app={app}
        labels={labels}
        query={current}
        onChange={(next) => {
          onChange(next);
          setCurrent(next);
        }}
        onRunQuery={onRunQuery}
      />
    );
  }
  render(<Host />);
  const user = userEvent.setup();
  return { onChange, onRunQuery, user, open: () => user.click(screen.getByRole('button', { name: /Options/ })) };
}

it.each<[Partial<MesosQuery>, string[]]>([
  [{}, ['Legend: Auto', 'Format: Time series', 'Step: auto', 'Type: Range']],
  [
    { legendFormat: '{{agent}}', interval: '1m', format: 'table', instant: true, range: false },
    ['Legend: {{agent}}', 'Format: Table', 'Step: 1m', 'Type: Instant'],
  ],
  [{ legendFormat: '__auto', instant: true, range: true }, ['Legend: Auto', 'Type: Both']],
  [{ metric: 'mesos_up', legendFormat: '' }, ['Legend: Auto']],
  // As the backend, and Grafana's Prometheus source, read an absent one.
  [{ expr: 'up' }, ['Legend: Verbose']],
  [{ expr: 'up', legendFormat: '' }, ['Legend: Verbose']],
  [{ expr: 'up', legendFormat: '__auto' }, ['Legend: Auto']],
  [{ expr: 'up', legendFormat: '{{poll}}' }, ['Legend: {{poll}}']],
])('says in a line what %j means', async (query, parts) => {
  await setUp(query);
  for (const part of parts) {
    expect(screen.getByText(part)).toBeInTheDocument();
  }
});

it.each([
  ['Instant', { range: false, instant: true }],
  ['Both', { range: true, instant: true }],
])('runs the query as %s', async (label, keys) => {
  const { onChange, onRunQuery, user, open } = await setUp();
  await open();
  await user.click(screen.getByLabelText(label));
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', ...keys });
  expect(onRunQuery).toHaveBeenCalledTimes(1);
});

it('adds points as they come where it is live, which the line of options says', async () => {
  const { onChange, onRunQuery, user, open } = await setUp();
  expect(screen.queryByText('Live')).not.toBeInTheDocument();
  await open();
  await user.click(screen.getByLabelText('Live'));
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', live: true });
  expect(onRunQuery).toHaveBeenCalledTimes(1);
  await user.click(screen.getByRole('button', { name: /Options/ }));
  expect(screen.getByText('Live')).toBeInTheDocument();
  await open();
  await user.click(screen.getByLabelText('Live'));
  expect(JSON.parse(JSON.stringify(onChange.mock.lastCall))).toEqual([{ refId: 'A' }]);
});

it('offers a rule no live points, but their end where it has them', async () => {
  const { open } = await setUp({ instant: true }, CoreApp.UnifiedAlerting);
  await open();
  expect(screen.queryByLabelText('Live')).not.toBeInTheDocument();
});

it('lets a rule be no longer live', async () => {
  const { onChange, user, open } = await setUp({ instant: true, live: true }, CoreApp.UnifiedAlerting);
  await open();
  await user.click(screen.getByLabelText('Live'));
  expect(JSON.parse(JSON.stringify(onChange.mock.lastCall))).toEqual([{ refId: 'A', instant: true }]);
});

it('offers no two results to an alert rule', async () => {
  const { open } = await setUp({ instant: true }, CoreApp.UnifiedAlerting);
  await open();
  expect(screen.getByLabelText('Instant')).toBeInTheDocument();
  expect(screen.queryByLabelText('Both')).not.toBeInTheDocument();
});

it('takes a legend of one’s own, and the automatic one back', async () => {
  const { onChange, user, open } = await setUp();
  await open();
  await user.click(screen.getByLabelText('Legend'));
  await user.click(await screen.findByRole('option', { name: /^Custom/ }));
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', legendFormat: '{{label_name}}' });

  const format = screen.getByLabelText('Legend format');
  await user.clear(format);
  await user.type(format, '{{{{agent}}{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', legendFormat: '{{agent}}' });

  await user.clear(format);
  await user.tab();
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', legendFormat: '__auto' });
});

it('offers whole names for code', async () => {
  const { onChange, user, open } = await setUp({ expr: 'up', legendFormat: '__auto' });
  await open();
  await user.click(screen.getByLabelText('Legend'));
  await user.click(await screen.findByRole('option', { name: /^Verbose/ }));
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', expr: 'up', legendFormat: '' });
  expect(screen.queryByLabelText('Legend format')).not.toBeInTheDocument();
});

it('offers a builder query no whole names: it has none', async () => {
  const { user, open } = await setUp();
  await open();
  await user.click(screen.getByLabelText('Legend'));
  expect(await screen.findByRole('option', { name: /^Custom/ })).toBeInTheDocument();
  expect(screen.queryByRole('option', { name: /^Verbose/ })).not.toBeInTheDocument();
});

it('takes a least step and says what one looks like', async () => {
  const { onChange, user, open } = await setUp({ interval: 'often' });
  await open();
  expect(screen.getByText('"often" is not a valid duration, for example 30s, 5m')).toBeInTheDocument();
  const step = screen.getByLabelText('Min step');
  await user.clear(step);
  await user.type(step, ' 30s {Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', interval: '30s' });
  expect(screen.queryByText(/is not a valid duration/)).not.toBeInTheDocument();
});

it('changes the format', async () => {
  const { onChange, user, open } = await setUp();
  await open();
  await user.click(screen.getByLabelText('Format'));
  await user.click(await screen.findByRole('option', { name: 'Table' }));
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', format: 'table' });
});

it('shows a rule with two results as the instant one, which is what Grafana evaluates', async () => {
  await setUp({ instant: true, range: true }, CoreApp.UnifiedAlerting);
  expect(screen.getByText('Type: Instant')).toBeInTheDocument();
});

it('what is typed after Custom was chosen goes into its field, in place of what is there', async () => {
  const { onChange, user, open } = await setUp();
  await open();
  await user.click(screen.getByLabelText('Legend'));
  await user.click(await screen.findByText('Custom'));
  expect(screen.getByLabelText('Legend format')).toHaveFocus();
  await user.keyboard('CPU{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', legendFormat: 'CPU' });
});

it('a legend of one’s own takes no focus where nobody chose it', async () => {
  const { open } = await setUp({ legendFormat: 'CPU' });
  await open();
  expect(screen.getByLabelText('Legend format')).not.toHaveFocus();
});

it('completes the labels of the result in a legend, by keyboard', async () => {
  const { onChange, user, open } = await setUp({ legendFormat: 'CPU' }, undefined, ['agent', 'framework']);
  await open();
  const format = screen.getByRole('combobox', { name: 'Legend format' });
  await user.type(format, ' {{{{');
  expect(screen.getAllByRole('option').map(({ textContent }) => textContent)).toEqual(['agent', 'framework']);
  await user.keyboard('{ArrowDown}{Enter}');
  expect(format).toHaveValue('CPU {{framework}}');
  expect(onChange).not.toHaveBeenCalled();
  await user.keyboard('{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', legendFormat: 'CPU {{framework}}' });
});

it('closes the list of labels before it takes the text back', async () => {
  const { user, open } = await setUp({ legendFormat: 'CPU' }, undefined, ['agent']);
  await open();
  const format = screen.getByRole('combobox', { name: 'Legend format' });
  await user.type(format, '{{{{');
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('option')).not.toBeInTheDocument();
  expect(format).toHaveValue('CPU{{');
  await user.keyboard('{Escape}');
  expect(format).toHaveValue('CPU');
});
