import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { MesosDatasource } from '../../datasource';
import type { MesosQuery } from '../types';
import { EXAMPLES } from './examples';
import QueryHelp from './QueryHelp';

async function clickExample(row: MesosQuery) {
  const onClickExample = jest.fn<void, [MesosQuery]>();
  render(<QueryHelp datasource={{} as MesosDatasource} query={row} onClickExample={onClickExample} />);
  expect(screen.getAllByRole('button')).toHaveLength(EXAMPLES.length);
  await userEvent.click(screen.getByRole('button', { name: 'CPU allocated by framework' }));
  return onClickExample.mock.calls[0][0];
}

it('puts an example into the row it was opened for', async () => {
  expect(await clickExample({ refId: 'C', expr: 'old', legendFormat: '{{old}}' })).toEqual({
    refId: 'C',
    queryType: 'metrics',
    version: 1,
    entity: 'framework',
    resource: 'cpus',
    measure: 'allocated',
  });
});

it('leaves a rule’s query instant, and nothing of the old one where Grafana merges the two', async () => {
  const row = { refId: 'A', metric: 'mesos_up', filters: [], groupBy: ['poll'], instant: true, range: false };
  const merged = { ...row, ...(await clickExample(row)) };
  expect(JSON.parse(JSON.stringify(merged))).toEqual({
    refId: 'A',
    queryType: 'metrics',
    version: 1,
    entity: 'framework',
    resource: 'cpus',
    measure: 'allocated',
    instant: true,
    range: false,
  });
});
