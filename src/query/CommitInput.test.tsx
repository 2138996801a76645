import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { giveElementsASize } from '../testing/layout';
import { CommitInput } from './CommitInput';

beforeAll(giveElementsASize);

it('commits with Enter or when it is left, and Escape brings back the old value', async () => {
  const onCommit = jest.fn();
  const user = userEvent.setup();
  render(<CommitInput aria-label="Top" value="5" onCommit={onCommit} />);
  const field = screen.getByLabelText('Top');
  await user.type(field, '0{Escape}');
  expect(field).toHaveValue('5');
  await user.tab();
  expect(onCommit).not.toHaveBeenCalled();
  await user.type(field, '1{Enter}');
  expect(onCommit).toHaveBeenLastCalledWith('51');
});

it('says that its value is wrong to who cannot see it', () => {
  render(<CommitInput aria-label="Top" value="5" invalid onCommit={jest.fn()} />);
  expect(screen.getByLabelText('Top')).toBeInvalid();
});
