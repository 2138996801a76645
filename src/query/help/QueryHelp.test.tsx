import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { MesosDatasource } from '../../datasource';
import type { MesosQuery } from '../types';
import { examples } from './examples';
import QueryHelp from './QueryHelp';

async function clickExample(row: MesosQuery, name = 'CPU allocated by framework') {
  const onClickExample = jest.fn<void, [MesosQuery]>();
  render(<QueryHelp datasource={{} as MesosDatasource} query={row} onClickExample={onClickExample} />);
  expect(screen.getAllByRole('button')).toHaveLength(examples().length);
  await userEvent.click(screen.getByRole('button', { name }));
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

const SQL = 'SELECT framework, state, count(*) AS tasks FROM tasks GROUP BY framework, state';

it('puts SQL into the row of a rule, with the format that a rule reads', async () => {
  const row = { refId: 'A', entity: 'agent', format: 'time_series' as const, instant: true, range: false };
  expect(JSON.parse(JSON.stringify(await clickExample(row, SQL)))).toEqual({
    refId: 'A',
    queryType: 'sql',
    version: 1,
    sql: SQL,
    format: 'numeric',
    instant: true,
    range: false,
  });
});

it('puts a shape into a row, and leaves none of it to the next example', async () => {
  const row = await clickExample({ refId: 'A' }, 'Room for tasks of 1 CPU, 1GiB memory of the cluster');
  expect(row).toMatchObject({ measure: 'fits', shape: { cpus: 1, memory: '1GiB' } });
  cleanup();
  expect(JSON.parse(JSON.stringify(await clickExample(row)))).not.toHaveProperty('shape');
});

describe('from metrics to events and back', () => {
  const metrics: MesosQuery = { refId: 'B', entity: 'agent', format: 'table', interval: '1m', live: true, hide: false };
  const events: MesosQuery = { refId: 'B', queryType: 'events', format: 'table', limit: 5, kinds: ['task'] };
  const json = (query: MesosQuery) => JSON.parse(JSON.stringify(query));

  it('puts events into a row without the options of metrics', async () => {
    expect(json(await clickExample(metrics, 'Events of agent, timeline'))).toEqual({
      refId: 'B',
      hide: false,
      queryType: 'events',
      version: 1,
      kinds: ['agent'],
      format: 'timeline',
    });
  });

  it('puts metrics into a row without the format of events', async () => {
    expect(json(await clickExample(events))).toEqual({
      refId: 'B',
      queryType: 'metrics',
      version: 1,
      entity: 'framework',
      resource: 'cpus',
      measure: 'allocated',
    });
  });

  it('leaves a rule’s query instant', async () => {
    const row = { refId: 'A', entity: 'agent', instant: true, range: false };
    expect(json(await clickExample(row, 'Events of task, errors, count by reason'))).toMatchObject({
      format: 'count',
      instant: true,
      range: false,
    });
  });
});
