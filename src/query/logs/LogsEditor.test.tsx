import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { MesosResources } from '../../resources';
import { giveElementsASize } from '../../testing/layout';
import { fakeBackend } from '../../testing/resources';
import type { MesosQuery } from '../types';
import { LogsEditor } from './LogsEditor';

jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => ({ getVariables: () => [] }),
}));

beforeAll(giveElementsASize);

const task = { taskId: 'web.1', frameworkId: 'F1', name: 'web', framework: 'marathon', state: 'TASK_RUNNING' };

function setUp(asked: Partial<MesosQuery> = { agentId: 'S1' }, files: string[] = [], error?: string) {
  const onChange = jest.fn();
  const searches: unknown[] = [];
  const getResource = async (path: string, params: unknown) => {
    searches.push([path, params]);
    const data = path === 'logs/files' ? files.map((name) => ({ name, bytes: 1 })) : [task];
    return { status: 'success', data } as never;
  };
  const resources = new MesosResources({ ...fakeBackend(), getResource });
  render(
    <LogsEditor
      query={{ refId: 'A', queryType: 'logs', ...asked }}
      resources={resources}
      error={error}
      onChange={onChange}
    />
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
  // Where typing pauses, as on a slow machine, the list of a part of the text is there first.
  await user.click(await screen.findByRole('option', { name: /^other\.7\s*Use this text/ }));
  expect(onChange).toHaveBeenLastCalledWith({
    refId: 'A',
    queryType: 'logs',
    taskId: 'other.7',
    frameworkId: undefined,
  });
});

describe('the menu of files', () => {
  const ofTask = { taskId: 'web.1', frameworkId: 'F1' };
  const options = () => screen.findAllByRole('option').then((all) => all.map(({ textContent }) => textContent));

  it("completes the files of the task's sandbox, and takes one that is not listed", async () => {
    const { onChange, searches, user } = setUp(ofTask, ['stderr', 'stdout', 'logs/server.log', 'logs/gc.log']);
    await user.click(screen.getByLabelText('File'));
    await waitFor(async () => expect(await options()).toEqual(['stderr', 'stdout', 'logs/server.log', 'logs/gc.log']));
    expect(searches.at(-1)).toEqual(['logs/files', ofTask]);
    await user.keyboard('serv{Enter}');
    await waitFor(() => expect(onChange).toHaveBeenCalled());
    expect(onChange).toHaveBeenLastCalledWith({ refId: 'A', queryType: 'logs', ...ofTask, file: 'logs/server.log' });
  });

  it('has the usual files before a task is chosen, and for a task of which none are known', async () => {
    const { searches, user } = setUp({});
    await user.click(screen.getByLabelText('File'));
    await waitFor(async () => expect(await options()).toEqual(['stdout', 'stderr']));
    expect(searches).toEqual([['logs/tasks', { limit: 1 }]]); // whether logs may be read
  });
});

it('marks the field that the answer refuses', () => {
  setUp({ taskId: 'web.1', file: 'core' }, [], 'file: "core" is not the name of a log');
  expect(screen.getByRole('alert')).toHaveTextContent('"core" is not the name of a log');
});

describe('what is to be done', () => {
  const refusing = (status: number, error: string) =>
    new MesosResources({ ...fakeBackend(), getResource: () => Promise.reject({ status, data: { error } }) });
  const show = (resources: MesosResources, part: Partial<MesosQuery> = {}) =>
    render(
      <LogsEditor query={{ refId: 'A', queryType: 'logs', ...part }} resources={resources} onChange={jest.fn()} />
    );

  it('is to choose a task', async () => {
    setUp({});
    expect(await screen.findByText(/Choose a task/)).toBeInTheDocument();
  });

  it.each([{}, { taskId: 'web.1' }])(
    'is nothing where logs are off: it is said by the name of the setting (%j)',
    async (part) => {
      const text =
        'the logs of tasks are not shown: an administrator sets who may (jsonData.sandboxLogs: admin or viewer)';
      show(refusing(403, text), part);
      expect(
        await screen.findByText(
          /The logs of tasks are not shown to you: an administrator chooses who may read them, with the setting Logs of tasks of the data source\./
        )
      ).toBeInTheDocument();
      expect(screen.queryByText(/Choose a task/)).not.toBeInTheDocument();
    }
  );

  it('is to choose a task where the backend does not answer', async () => {
    show(refusing(502, 'bad gateway'));
    expect(await screen.findByText(/Choose a task/)).toBeInTheDocument();
    expect(screen.queryByText(/bad gateway/)).not.toBeInTheDocument();
  });
});
