import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import type { MesosDatasource } from '../../datasource';
import { EXAMPLES } from './examples';
import QueryHelp from './QueryHelp';

it('puts an example into the row it was opened for', async () => {
  const onClickExample = jest.fn();
  render(
    <QueryHelp datasource={{} as MesosDatasource} query={{ refId: 'C', expr: 'old' }} onClickExample={onClickExample} />
  );
  expect(screen.getAllByRole('button')).toHaveLength(EXAMPLES.length);
  await userEvent.click(screen.getByRole('button', { name: 'CPU allocated by framework' }));
  expect(onClickExample).toHaveBeenCalledWith({
    refId: 'C',
    queryType: 'metrics',
    version: 1,
    entity: 'framework',
    resource: 'cpus',
    measure: 'allocated',
  });
});
