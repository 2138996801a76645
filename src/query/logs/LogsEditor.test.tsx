import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { MesosResources } from '../../resources';
import { giveElementsASize } from '../../testing/layout';
import { fakeBackend } from '../../testing/resources';
import { LogsEditor } from './LogsEditor';

jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => ({ getVariables: () => [] }),
}));

beforeAll(giveElementsASize);

const task = { taskId: 'web.1', frameworkId: 'F1', name: 'web', framework: 'marathon', state: 'TASK_RUNNING' };

function setUp() {
  const onChange = jest.fn();
  const searches: unknown[] = [];
  const getResource = async (path: string, params: unknown) => {
    searches.push([path, params]);
    return { status: 'success', data: [task] } as never;
  };
  const resources = new MesosResources({ ...fakeBackend(), getResource });
  render(
    <LogsEditor query={{ refId: 'A', queryType: 'logs', agentId: 'S1' }} resources={resources} onChange={onChange} />
  );
  return { onChange, searches, user: userEvent.setup() };
}

it('Enter after a part of a name chooses the task that is found, also before it is found, and no agent of another one', async () => {
  const { onChange, searches, user } = setUp();
  await user.type(screen.getByLabelText('Task'), 'we{Enter}');
  await waitFor(() => expect(onChange).toHaveBeenCalled());
  expect(searches.at(-1)).toEqual(['logs/tasks', { search: 'we', limit: 1000 }]);
  expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', queryType: 'logs', taskId: 'web.1', frameworkId: 'F1' });
});

it('a text that finds no task by its name is an ID', async () => {
  const { onChange, user } = setUp();
  await user.type(screen.getByLabelText('Task'), 'other.7');
  await user.click(await screen.findByText('Use this text'));
  expect(onChange).toHaveBeenLastCalledWith({
    refId: 'A',
    queryType: 'logs',
    taskId: 'other.7',
    frameworkId: undefined,
  });
});
