import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../../testing/layout';
import type { MesosQuery } from '../types';
import { isAmount, ShapeFields } from './ShapeFields';

beforeAll(giveElementsASize);

function setUp(shape?: MesosQuery['shape']) {
  const onChange = jest.fn();
  function Host() {
    const [current, setCurrent] = useState(shape);
    return (
      <ShapeFields
        shape={current}
        onChange={(next) => {
          onChange(next);
          setCurrent(next);
        }}
      />
    );
  }
  render(<Host />);
  return { onChange, user: userEvent.setup() };
}

it('writes numbers of CPUs and GPUs, and amounts of memory and disk', async () => {
  const { onChange, user } = setUp();
  await user.type(screen.getByLabelText('CPUs of a task'), '0.5{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ cpus: 0.5 });
  await user.type(screen.getByLabelText(/Memory of a task/), '8GiB{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ cpus: 0.5, memory: '8GiB' });
  await user.type(screen.getByLabelText('GPUs of a task'), '2{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ cpus: 0.5, memory: '8GiB', gpus: 2 });
});

it('keeps a text that is no number in its field, says so, and leaves the shape as it is', async () => {
  const { onChange, user } = setUp({ cpus: 2 });
  const cpus = screen.getByLabelText('CPUs of a task');
  await user.clear(cpus);
  await user.type(cpus, '0,5{Enter}');
  expect(onChange).not.toHaveBeenCalled();
  expect(cpus).toHaveValue('0,5');
  expect(cpus).not.toHaveAttribute('type', 'number'); // type number would drop the comma
  expect(cpus).toBeInvalid();
  expect(screen.getByRole('alert')).toHaveTextContent('"0,5" is not a number: write for example 0.5');
  await user.clear(cpus);
  await user.type(cpus, '0.5{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ cpus: 0.5 });
  expect(screen.queryByRole('alert')).not.toBeInTheDocument();
});

it('takes back a text that is no number where the old one is written again', async () => {
  const { onChange, user } = setUp({ gpus: 1 });
  const gpus = screen.getByLabelText('GPUs of a task');
  await user.type(gpus, 'x{Enter}');
  expect(gpus).toHaveValue('1x');
  await user.type(gpus, '{Backspace}{Enter}');
  expect(gpus).toHaveValue('1');
  expect(gpus).toBeValid();
  expect(onChange).not.toHaveBeenCalled();
});

it('removes what is emptied, and the shape with its last resource', async () => {
  const { onChange, user } = setUp({ cpus: 1, disk: '1TiB' });
  await user.clear(screen.getByLabelText('CPUs of a task'));
  await user.keyboard('{Enter}');
  expect(onChange).toHaveBeenLastCalledWith({ disk: '1TiB' });
  await user.clear(screen.getByLabelText(/Disk of a task/));
  await user.keyboard('{Enter}');
  expect(onChange).toHaveBeenLastCalledWith(undefined);
});

it('marks the field that the backend refuses, and the first one for the whole shape', () => {
  const { rerender } = render(
    <ShapeFields shape={{ gpus: 1 }} fault={{ key: 'shape', part: 'gpus', text: 'too many' }} onChange={jest.fn()} />
  );
  expect(screen.getByLabelText('GPUs of a task')).toHaveAttribute('aria-invalid', 'true');
  expect(screen.getByRole('alert')).toHaveTextContent('too many');
  rerender(<ShapeFields fault={{ key: 'shape', text: 'is missing' }} onChange={jest.fn()} />);
  expect(screen.getByLabelText('CPUs of a task')).toHaveAttribute('aria-invalid', 'true');
  expect(screen.getByRole('alert')).toHaveTextContent('What a task needs is missing');
});

it('says what is wrong with an amount', () => {
  setUp({ memory: '8GB' });
  expect(screen.getByText('"8GB" is not a valid amount: write for example 512MiB or 8GiB')).toBeInTheDocument();
});

it.each([
  ['', true],
  ['512MiB', true],
  ['0.5 TiB', true],
  ['$memory', true],
  ['8GB', false],
  ['GiB', false],
  ['-1GiB', false],
])('%s is an amount: %s', (text, valid) => {
  expect(isAmount(text)).toBe(valid);
});
