import { Input, Modal } from '@grafana/ui';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { lazy, useState } from 'react';

import { DialogButton } from './DialogButton';

interface Props {
  typed: () => string;
  onClose: () => void;
}

function Dialog({ typed, onClose }: Props) {
  const [text, setText] = useState(typed);
  return (
    <Modal isOpen title="Search" onDismiss={onClose}>
      <Input autoFocus aria-label="Text" value={text} onChange={(event) => setText(event.currentTarget.value)} />
    </Modal>
  );
}

/** Shows a button whose dialog is loaded when the returned function is called. */
function setUp() {
  let load = () => {};
  const Loaded = lazy(
    () =>
      new Promise<{ default: typeof Dialog }>((resolve) => {
        load = () => resolve({ default: Dialog });
      })
  );
  render(
    <DialogButton text="Open" loading="Loading the dialog">
      {(close, typed) => <Loaded typed={typed} onClose={close} />}
    </DialogButton>
  );
  return { load: () => load(), user: userEvent.setup() };
}

it('what is typed while the dialog is loaded is in its field', async () => {
  const { load, user } = setUp();
  await user.click(screen.getByRole('button', { name: 'Open' }));
  expect(screen.getByText('Loading the dialog')).toBeInTheDocument();
  await user.keyboard('cpus aX{Backspace}');
  load();
  const field = await screen.findByLabelText('Text');
  expect(field).toHaveValue('cpus a');
  await waitFor(() => expect(field).toHaveFocus());
  await user.keyboard('llo');
  expect(field).toHaveValue('cpus allo');
});

it('Escape leaves it before it is loaded, and nothing is typed the next time', async () => {
  const { load, user } = setUp();
  await user.click(screen.getByRole('button', { name: 'Open' }));
  await user.keyboard('cpus{Escape}');
  expect(screen.queryByText('Loading the dialog')).not.toBeInTheDocument();
  load();
  await user.click(screen.getByRole('button', { name: 'Open' }));
  expect(await screen.findByLabelText('Text')).toHaveValue('');
});
