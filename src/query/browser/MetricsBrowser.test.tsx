import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { CATALOGUE } from '../../testing/catalogue';
import { giveElementsASize } from '../../testing/layout';
import { fakeResources, type FakeAnswers } from '../../testing/resources';
import { BrowserButton } from './BrowserButton';

beforeAll(giveElementsASize);

async function setUp(
  answers: FakeAnswers = { counts: { mesos_up: 3, mesos_agent_info: 1234 } },
  action?: () => string
) {
  const onChoose = jest.fn();
  const user = userEvent.setup();
  render(<BrowserButton resources={fakeResources(answers)} action={action} onChoose={onChoose} />);
  await user.click(screen.getByRole('button', { name: 'Metrics browser' }));
  const search = await screen.findByRole('combobox', { name: 'Search in names and help' });
  await screen.findAllByRole('option', { name: /mesos_agent_info/ });
  return { onChoose, user, search };
}

const option = (name: string) => screen.getByRole('option', { name: new RegExp(name) });

it('shows what a metric is for, its type, unit and labels, and how many series there are now', async () => {
  await setUp();
  await waitFor(() => expect(option('mesos_agent_info')).toHaveTextContent('1,234'));
  for (const text of ['About mesos_agent_info.', 'gauge', 'none', 'cluster, agent, agent_id, version']) {
    expect(option('mesos_agent_info')).toHaveTextContent(text);
  }
  expect(option('mesos_framework_info')).toHaveTextContent(/0$/);
  expect(screen.getByRole('status')).toHaveTextContent('10 of 10 metrics');
});

it('is used by keyboard: the search has the focus, arrows move, Enter chooses, and the browser closes', async () => {
  const { onChoose, user, search } = await setUp();
  expect(search).toHaveFocus();
  await user.keyboard('cpus');
  expect(screen.getByRole('status')).toHaveTextContent('3 of 10 metrics');
  await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}{ArrowUp}');
  const active = option('mesos_agent_cpus_capacity');
  expect(search).toHaveAttribute('aria-activedescendant', active.id);
  expect(active).toHaveAttribute('aria-selected', 'true');
  expect(within(screen.getByRole('region', { name: 'Details' })).getByText('mesos_agent_cpus_capacity')).toBeVisible();
  await user.keyboard('{Enter}');
  expect(onChoose).toHaveBeenCalledWith('mesos_agent_cpus_capacity');
  expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
});

it('a click chooses; Escape chooses nothing', async () => {
  const { onChoose, user } = await setUp();
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  expect(onChoose).not.toHaveBeenCalled();
  await user.click(screen.getByRole('button', { name: 'Metrics browser' }));
  await user.click(await screen.findByRole('option', { name: /mesos_up/ }));
  expect(onChoose).toHaveBeenCalledWith('mesos_up');
});

it('says beforehand what is done with a series: on the row, and for screen readers beside the search', async () => {
  const { user, search } = await setUp(undefined, () => 'Replace mesos_a');
  await user.keyboard('mesos_up');
  expect(option('mesos_up')).toHaveTextContent('Replace mesos_a');
  expect(option('mesos_up')).toHaveAccessibleName(/^mesos_up/);
  expect(option('mesos_up')).not.toHaveAccessibleName(/Replace/);
  expect(search).toHaveAccessibleDescription('A click or Enter: Replace mesos_a');
});

it('says that nothing is found', async () => {
  const { user } = await setUp();
  await user.keyboard('planets');
  expect(screen.getByText('No metric has these words in its name or help.')).toBeVisible();
  await user.keyboard('{Enter}');
  expect(screen.getByRole('dialog')).toBeInTheDocument();
});

it('says why the series are not counted, and shows no 0', async () => {
  await setUp({ counts: new Error('more than 300000 series') });
  expect(await screen.findByText('Could not count the series: more than 300000 series')).toBeVisible();
  expect(option('mesos_up')).toHaveTextContent(/unknown$/);
});

it('draws a screen of 5,000 metrics, and reaches the last one', async () => {
  const series = Array.from({ length: 5000 }, (_, i) => ({
    ...CATALOGUE.series[0],
    name: `mesos_agent_info_${String(i).padStart(4, '0')}`,
  }));
  const { user, onChoose } = await setUp({ catalogue: { ...CATALOGUE, series } });
  expect(screen.getAllByRole('option').length).toBeLessThan(40);
  expect(option('mesos_agent_info_0000')).toHaveAttribute('aria-setsize', '5000');
  await user.keyboard('4999{Enter}');
  expect(onChoose).toHaveBeenCalledWith('mesos_agent_info_4999');
});
