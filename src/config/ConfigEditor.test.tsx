import type { DataSourceSettings } from '@grafana/data';
import { setBackendSrv, type BackendSrv } from '@grafana/runtime';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../testing/layout';
import type { WrongSetting } from './check';
import ConfigEditor from './ConfigEditor';
import { type Report, tests } from './tested';
import type { MesosOptions, MesosSecureOptions } from './types';

type Settings = DataSourceSettings<MesosOptions, MesosSecureOptions>;

beforeAll(giveElementsASize);

/** What the backend says of settings; the cases of the table are in cases.test.tsx. */
const wrong = (key: string, when: unknown, text: string, entry?: number) => ({ key, when, text, entry });
let problems: Array<WrongSetting & { when: unknown }> = [];
const post = jest.fn(async (_url: string, { jsonData }: { jsonData: Record<string, unknown> }) => ({
  problems: problems
    .filter(
      ({ key, entry, when }) => (entry === undefined ? jsonData[key] : (jsonData[key] as string[])?.[entry]) === when
    )
    .map(({ key, entry, text }) => ({ key, entry, text })),
}));

beforeEach(() => {
  problems = [];
  post.mockClear();
  setBackendSrv({ post } as unknown as BackendSrv);
});

function setUp(part: Partial<Settings> = {}) {
  const onOptionsChange = jest.fn<void, [Settings]>();
  function Host() {
    const [options, setOptions] = useState({
      name: 'Mesos',
      uid: 'mesos',
      type: 'community-mesos-datasource',
      url: '',
      basicAuthUser: '',
      jsonData: {},
      secureJsonFields: {},
      ...part,
    } as Settings);
    return (
      <ConfigEditor
        options={options}
        onOptionsChange={(next) => {
          onOptionsChange(next);
          setOptions(next);
        }}
      />
    );
  }
  render(<Host />);
  const last = () => onOptionsChange.mock.lastCall?.[0];
  const user = userEvent.setup();
  const unfold = (title: string) => user.click(screen.getByRole('button', { name: `Expand section ${title}` }));
  return { onOptionsChange, last, user, unfold };
}

it('leads to the page of the plugin, which has its documentation', () => {
  setUp();
  expect(screen.getByRole('link', { name: 'view the documentation' })).toHaveAttribute(
    'href',
    '/plugins/community-mesos-datasource'
  );
});

describe('masters', () => {
  it('are added, changed and removed, a row each', async () => {
    const { last, user } = setUp();
    await user.type(screen.getByLabelText('Master 1'), 'http://master1:5050');
    await user.click(screen.getByRole('button', { name: 'Add master' }));
    await user.type(screen.getByLabelText('Master 2'), 'http://master2:5050 ');
    await user.tab();
    expect(last()?.jsonData.masters).toEqual(['http://master1:5050', 'http://master2:5050']);
    await user.click(screen.getByRole('button', { name: 'Remove master 1' }));
    expect(last()?.jsonData.masters).toEqual(['http://master2:5050']);
    expect(last()?.url).toBe('');
  });

  it('have what is wrong beside them, once their field is left and until it is changed', async () => {
    problems = [wrong('masters', 'http://master1:5050/state', 'ends in /state', 0)];
    const { user } = setUp({ jsonData: { masters: ['http://master1:5050'] } });
    const master = screen.getByLabelText('Master 1');
    await user.type(master, '/state');
    expect(post).toHaveBeenCalledTimes(1);
    expect(master).toHaveAttribute('aria-invalid', 'false');
    await user.tab();
    expect(await screen.findByText('ends in /state')).toBeInTheDocument();
    expect(master).toHaveAttribute('aria-invalid', 'true');
    expect(master).toHaveAccessibleDescription('ends in /state');
    await user.type(master, 's');
    expect(screen.queryByText('ends in /state')).not.toBeInTheDocument();
    expect(post).toHaveBeenCalledTimes(2);
  });
});

describe('ZooKeeper', () => {
  const masters = ['zk://zk1:2181/mesos'];

  it('has its digest where it finds the masters, hidden from Viewers', async () => {
    const { last, user } = setUp({ jsonData: { masters } });
    const digest = screen.getByLabelText('ZooKeeper digest');
    await user.type(digest, 'mesos');
    expect(screen.queryByText(/zkDigest is not user:password/)).not.toBeInTheDocument();
    await user.tab();
    expect(screen.getByText(/zkDigest is not user:password/)).toBeInTheDocument();
    expect(digest).toHaveAttribute('aria-invalid', 'true');
    await user.type(digest, ':s');
    expect(screen.queryByText(/zkDigest is not user:password/)).not.toBeInTheDocument();
    expect(JSON.stringify(post.mock.calls)).not.toContain('mesos:');
    expect(last()?.secureJsonData).toEqual({ zkDigest: 'mesos:s' });
    expect(last()?.jsonData).toEqual({ masters });
  });

  it('loses a stored digest on demand', async () => {
    const { last, user } = setUp({ jsonData: { masters }, secureJsonFields: { zkDigest: true } });
    await user.click(screen.getByRole('button', { name: /Reset/ }));
    expect(last()).toMatchObject({ secureJsonFields: { zkDigest: false }, secureJsonData: { zkDigest: '' } });
  });

  it('has no digest where the masters are listed', () => {
    setUp({ jsonData: { masters: ['http://master1:5050'] } });
    expect(screen.queryByLabelText('ZooKeeper digest')).not.toBeInTheDocument();
  });
});

describe('url', () => {
  it('is an error with a way out where it is filled in', async () => {
    const { last, user } = setUp({ url: 'http://master1:5050', jsonData: { masters: ['http://master1:5050'] } });
    expect(screen.getByText('The field url must stay empty')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Clear url' }));
    // Grafana does not store an empty url over another.
    expect(last()?.url).toBe('http://127.0.0.1:9');
    expect(screen.queryByText('The field url must stay empty')).not.toBeInTheDocument();
  });

  it('is nothing one could fill in', () => {
    setUp();
    expect(screen.queryByLabelText(/url/i)).not.toBeInTheDocument();
  });
});

describe('fields', () => {
  it('are stored as they are typed, and not at all when emptied', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Collection');
    const interval = screen.getByLabelText(/^Poll interval/);
    await user.type(interval, '30s');
    expect(last()?.jsonData).toEqual({ pollInterval: '30s' });
    await user.clear(interval);
    expect(last()?.jsonData).toEqual({});
  });

  it('open their section where they are wrong', async () => {
    problems = [wrong('agentHosts', '([bad', 'not a regular expression')];
    setUp({ jsonData: { agentHosts: '([bad', memoryLimit: '256MiB' } });
    expect(await screen.findByText('not a regular expression')).toBeInTheDocument();
    expect(screen.getByLabelText(/^Agent hosts/)).toHaveAttribute('aria-invalid', 'true');
    expect(screen.getByLabelText(/^Memory limit/)).toHaveValue('256MiB');
    expect(screen.queryByLabelText(/^Poll interval/)).not.toBeInTheDocument();
  });

  it('keep the focus where a later field of the section is wrong', async () => {
    problems = [wrong('pollInterval', '1s', 'too short')];
    const { user, unfold } = setUp();
    await unfold('Collection');
    await user.type(screen.getByLabelText(/^Poll interval/), '1s');
    await user.tab();
    await screen.findByText('too short');
    expect(screen.getByLabelText(/^Task history/)).toHaveFocus();
  });

  it('are left alone where the backend does not answer', async () => {
    post.mockRejectedValueOnce(new Error('no'));
    const { user, unfold } = setUp();
    await unfold('Collection');
    await user.click(screen.getByLabelText(/^Poll interval/));
    await user.tab();
    await waitFor(() => expect(post.mock.calls.length).toBeGreaterThan(1)); // asked again
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
  });

  it('that are not on the page are named, and stay', async () => {
    const jsonData = {
      masters: ['http://m:5050'],
      httpMaxIdleConns: 5,
      replicas: 'zk://zk1:2181/x',
      extra: { a: [1] },
    };
    post.mockResolvedValueOnce({ problems: [], warnings: ['"extra" is not a setting'] } as never);
    const { last, user, unfold } = setUp({ jsonData: jsonData as MesosOptions });
    expect(await screen.findByText('"extra" is not a setting')).toBeInTheDocument();
    await unfold('Collection');
    await user.type(screen.getByLabelText(/^Poll interval/), '30s');
    expect(last()?.jsonData).toEqual({ ...jsonData, pollInterval: '30s' });
  });

  it('keep numbers numbers and switches switches', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Collection');
    await unfold('Agents');
    await user.type(screen.getByLabelText(/^Series limit/), '5000');
    await user.click(screen.getByLabelText(/^Agent statistics/));
    expect(last()?.jsonData).toEqual({ maxSeries: 5000, agentStatistics: true });
  });

  it('of agents have a password that is a secret', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Agents');
    await user.click(screen.getByLabelText(/^Agent statistics/));
    await user.click(screen.getByLabelText(/^Agent address/));
    await user.paste('https://router/agent/{id}');
    await user.type(screen.getByLabelText(/^Agent user/), 'grafana');
    await user.type(screen.getByLabelText('Agent password'), 'secret');
    expect(last()?.jsonData).toEqual({
      agentStatistics: true,
      agentAddress: 'https://router/agent/{id}',
      agentBasicAuthUser: 'grafana',
    });
    expect(last()?.secureJsonData).toEqual({ agentBasicAuthPassword: 'secret' });
  });

  it('let a stored password of agents be taken away', async () => {
    const { last, user } = setUp({
      jsonData: { agentStatistics: true },
      secureJsonFields: { agentBasicAuthPassword: true },
    });
    await user.click(screen.getByRole('button', { name: /reset/i }));
    expect(last()?.secureJsonFields).toEqual({ agentBasicAuthPassword: false });
    expect(last()?.secureJsonData).toEqual({ agentBasicAuthPassword: '' });
  });

  it('collect labels', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Collection');
    await user.type(screen.getByPlaceholderText('New label (Enter to add)'), 'team{Enter}');
    expect(last()?.jsonData).toEqual({ taskLabels: ['team'] });
  });

  it('offer choices', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Collection');
    expect(screen.getByLabelText(/^Task history/)).toHaveValue('Auto');
    await user.click(screen.getByLabelText(/^Task history/));
    await user.click(await screen.findByRole('option', { name: /^Never/ }));
    expect(last()?.jsonData).toEqual({ taskSeries: 'never' });
  });

  it('switch the event stream off', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Collection');
    expect(screen.getByLabelText(/^Event stream/)).toHaveValue('Auto');
    await user.click(screen.getByLabelText(/^Event stream/));
    await user.click(await screen.findByRole('option', { name: /^Never/ }));
    expect(last()?.jsonData).toEqual({ subscribe: 'never' });
  });

  it('name the least role that may read logs', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Logs');
    expect(screen.getByLabelText(/^Logs of tasks/)).toHaveValue('Nobody');
    await user.click(screen.getByLabelText(/^Logs of tasks/));
    await user.click(await screen.findByRole('option', { name: /^Editor/ }));
    expect(last()?.jsonData).toEqual({ sandboxLogs: 'editor' });
  });

  it('show a choice that is not possible as it is', () => {
    setUp({ jsonData: { engine: 'disk' } as unknown as MesosOptions });
    expect(screen.getByLabelText(/^Engine/)).toHaveValue('disk');
  });

  // Provisioning and other tools deliver texts.
  it('show texts for what they say, and store what is changed in its own type', async () => {
    const jsonData = {
      ...{ masters: 'http://master1:5050', maxSeries: '50000', agentStatistics: 'true', taskLabels: 'team,env' },
      ...{
        agentHeaders: 'Authorization',
        clusterName: 42,
        tlsSkipVerify: 'false',
        tlsAuthWithCACert: 'true',
        timeout: '20',
      },
    } as unknown as MesosOptions;
    const { last, user } = setUp({ jsonData });
    expect(screen.getByLabelText('Master 1')).toHaveValue('http://master1:5050');
    expect(screen.getByLabelText(/^Series limit/)).toHaveValue('50000');
    expect(screen.getByLabelText(/^Agent statistics/)).toBeChecked();
    expect(screen.getByText('team')).toBeInTheDocument();
    expect(screen.getByText('env')).toBeInTheDocument();
    expect(screen.getByLabelText('Agent header 1')).toHaveValue('Authorization');
    expect(screen.getByLabelText(/^Cluster name/)).toHaveValue('42');
    expect(screen.getByLabelText(/Skip TLS certificate validation/)).not.toBeChecked();
    expect(screen.getByLabelText(/Add self-signed certificate/)).toBeChecked();
    await user.type(screen.getByLabelText(/^Poll interval/), '30s');
    expect(last()?.jsonData).toEqual({
      ...{ masters: ['http://master1:5050'], maxSeries: 50000, agentStatistics: true, taskLabels: ['team', 'env'] },
      ...{
        agentHeaders: ['Authorization'],
        clusterName: '42',
        tlsSkipVerify: false,
        tlsAuthWithCACert: true,
        timeout: 20,
      },
      pollInterval: '30s',
    });
  });

  it('show a switch as off where a text says so', async () => {
    const { unfold } = setUp({ jsonData: { agentStatistics: 'false' } as unknown as MesosOptions });
    await unfold('Agents');
    expect(screen.getByLabelText(/^Agent statistics/)).not.toBeChecked();
  });

  it('tell their default', async () => {
    const { unfold } = setUp();
    await unfold('Collection');
    await unfold('History');
    expect(screen.getByText(/Default: 15s\./)).toBeInTheDocument();
    expect(screen.getByText(/Default: 256MiB\./)).toBeInTheDocument();
  });
});

describe('the remote engine', () => {
  it('is chosen, and its section opens where it is', async () => {
    const { last, user, unfold } = setUp({ jsonData: { masters: ['http://m:5050'] } });
    await unfold('History');
    await user.click(screen.getByLabelText(/^Engine/));
    await user.click(await screen.findByRole('option', { name: /^Remote/ }));
    expect(last()?.jsonData.engine).toBe('remote');
    expect(screen.queryByLabelText(/^Remote URL/)).not.toBeInTheDocument();
    await unfold('Remote engine');
    await user.type(screen.getByLabelText(/^Remote URL/), 'http://p:9090');
    expect(last()?.jsonData.remoteUrl).toBe('http://p:9090');
  });

  it('has secrets that are hidden from Viewers', async () => {
    const jsonData = { masters: ['http://m:5050'], engine: 'remote' as const, remoteUrl: 'http://p:9090' };
    const { last, user } = setUp({ jsonData, secureJsonFields: { remoteTlsCACert: true } });
    await user.type(screen.getByLabelText(/^Remote password/), 'a');
    await user.type(screen.getByLabelText(/^Bearer token/), 'b');
    expect(last()?.secureJsonData).toEqual({ remoteBasicAuthPassword: 'a', remoteBearerToken: 'b' });
    expect(last()?.jsonData).toEqual(jsonData);
    await user.click(screen.getByRole('button', { name: /Reset/ }));
    expect(last()?.secureJsonData?.remoteTlsCACert).toBe('');
    await user.type(screen.getByLabelText(/^CA certificate/), '-----BEGIN');
    expect(last()?.secureJsonData?.remoteTlsCACert).toBe('-----BEGIN');
  });

  it('has the password after the user, and what is in place of both after that', () => {
    setUp({ jsonData: { engine: 'remote' } });
    const labels = [/^Tenant/, /^Remote user/, /^Remote password/, /^Bearer token/, /^CA certificate/, /^Added labels/];
    const fields = labels.map((label) => screen.getByLabelText(label));
    const inPage = [...document.querySelectorAll('input, textarea')].filter((one) =>
      fields.includes(one as HTMLElement)
    );
    expect(inPage).toEqual(fields);
  });

  it('shows labels as JSON, and stores what is typed', async () => {
    const { last, user } = setUp({ jsonData: { engine: 'remote', remoteLabels: { replica: 'a' } } });
    const labels = screen.getByLabelText(/^Added labels/);
    expect(labels).toHaveValue('{"replica":"a"}');
    await user.clear(labels);
    expect(last()?.jsonData).toEqual({ engine: 'remote' });
    await user.type(labels, '{{"zone": "b"}');
    expect(last()?.jsonData.remoteLabels).toBe('{"zone": "b"}');
  });

  it('has the address of several Grafanas, and then the digest of ZooKeeper', async () => {
    const replicas = 'zk://zk1:2181/mesos-datasource';
    const { last, user } = setUp({ jsonData: { masters: ['http://m:5050'], engine: 'remote' } });
    expect(screen.queryByLabelText('ZooKeeper digest')).not.toBeInTheDocument();
    await user.type(screen.getByLabelText(/^Replicas/), replicas);
    expect(last()?.jsonData).toEqual({ masters: ['http://m:5050'], engine: 'remote', replicas });
    expect(screen.getByLabelText('ZooKeeper digest')).toBeInTheDocument();
  });
});

describe('headers of agents', () => {
  const agentStatistics = true;

  it('have values that are hidden from Viewers', async () => {
    const { last, user, unfold } = setUp();
    await unfold('Agents');
    await user.click(screen.getByLabelText(/^Agent statistics/));
    await user.click(screen.getByRole('button', { name: 'Add agent header' }));
    await user.type(screen.getByLabelText('Agent header 1'), 'Authorization');
    await user.type(screen.getByLabelText('Value of agent header 1'), 'token=x');
    await user.click(screen.getByRole('button', { name: 'Add agent header' }));
    await user.type(screen.getByLabelText('Agent header 2'), 'X-Id');
    expect(last()?.jsonData).toEqual({ agentStatistics, agentHeaders: ['Authorization', 'X-Id'] });
    expect(last()?.secureJsonData).toEqual({ agentHeaderValue1: 'token=x' });
  });

  it('keep the places of their stored values when one before them is removed, and its place is used again', async () => {
    const { last, user } = setUp({
      jsonData: { agentStatistics, agentHeaders: ['Authorization', 'X-Id'] },
      secureJsonFields: { agentHeaderValue1: true, agentHeaderValue2: true },
    });
    await user.click(screen.getByRole('button', { name: 'Remove agent header 1' }));
    expect(last()).toMatchObject({
      jsonData: { agentHeaders: ['', 'X-Id'] },
      secureJsonFields: { agentHeaderValue1: false, agentHeaderValue2: true },
      secureJsonData: { agentHeaderValue1: '' },
    });
    expect(screen.getByLabelText('Agent header 1')).toHaveValue('X-Id');
    expect(screen.queryByLabelText('Agent header 2')).not.toBeInTheDocument();

    await user.click(screen.getByRole('button', { name: 'Add agent header' }));
    await user.type(screen.getByLabelText('Agent header 1'), 'X-New');
    expect(last()?.jsonData.agentHeaders).toEqual(['X-New', 'X-Id']);
  });

  it('are not stored at all when the last one is removed', async () => {
    const { last, user } = setUp({ jsonData: { agentStatistics, agentHeaders: ['', 'X-Id'] } });
    await user.click(screen.getByRole('button', { name: 'Remove agent header 1' }));
    expect(last()?.jsonData).toEqual({ agentStatistics });
    expect(screen.queryByLabelText('Agent header 1')).not.toBeInTheDocument();
  });

  it('lose a stored value on demand', async () => {
    const { last, user } = setUp({
      jsonData: { agentStatistics, agentHeaders: ['X-Id'] },
      secureJsonFields: { agentHeaderValue1: true },
    });
    await user.click(screen.getByRole('button', { name: /reset/i }));
    expect(last()).toMatchObject({
      secureJsonFields: { agentHeaderValue1: false },
      secureJsonData: { agentHeaderValue1: '' },
    });
  });

  it('have what is wrong beside them', async () => {
    problems = [wrong('agentHeaders', 'x-id', 'there twice', 1)];
    setUp({ jsonData: { agentStatistics, agentHeaders: ['X-Id', 'x-id'] } });
    expect(await screen.findByText('there twice')).toBeInTheDocument();
    expect(screen.getByLabelText('Agent header 2')).toHaveAccessibleDescription('there twice');
    expect(screen.getByLabelText('Agent header 1')).toHaveAttribute('aria-invalid', 'false');
  });
});

describe('headers of masters', () => {
  it('are Grafana’s own, and keep their stored values when one before them is removed', async () => {
    const { last, user } = setUp({
      jsonData: { httpHeaderName1: 'Authorization', httpHeaderName2: 'X-Id' } as MesosOptions,
      secureJsonFields: { httpHeaderValue1: true, httpHeaderValue2: true },
    });
    await user.click(screen.getByRole('button', { name: 'Remove header 1' }));
    expect(last()?.jsonData).toEqual({ httpHeaderName2: 'X-Id' });
    expect(last()).toMatchObject({
      secureJsonFields: { httpHeaderValue1: false, httpHeaderValue2: true },
      secureJsonData: { httpHeaderValue1: '' },
    });
    expect(screen.getByLabelText('Header 1')).toHaveValue('X-Id');
    await user.click(screen.getByRole('button', { name: 'Add header' }));
    await user.type(screen.getByLabelText('Header 1'), 'X-New');
    await user.type(screen.getByLabelText('Value of header 1'), 'v');
    expect(last()?.jsonData).toEqual({ httpHeaderName1: 'X-New', httpHeaderName2: 'X-Id' });
    expect(last()?.secureJsonData).toEqual({ httpHeaderValue1: 'v' });
  });
});

describe('authentication', () => {
  it('keeps the password where Viewers cannot read it', async () => {
    const { last, user } = setUp({ basicAuth: true });
    await user.type(screen.getByPlaceholderText('User'), 'grafana');
    await user.type(screen.getByPlaceholderText('Password'), 's');
    expect(last()).toMatchObject({ basicAuthUser: 'grafana', secureJsonData: { basicAuthPassword: 's' } });
    expect(JSON.stringify(last()?.jsonData)).toBe('{}');
  });

  it('resets a stored password', async () => {
    const { last, user } = setUp({ basicAuth: true, secureJsonFields: { basicAuthPassword: true } });
    await user.click(screen.getByRole('button', { name: /Reset/ }));
    expect(last()?.secureJsonFields.basicAuthPassword).toBe(false);
  });
});

describe('authentication method', () => {
  it('leaves keys that it does not know', async () => {
    const jsonData = { masters: ['http://m:5050'], oauthPassThru: true, keepCookies: ['a'] } as MesosOptions;
    const { last, user } = setUp({ jsonData });
    await user.click(screen.getByLabelText('Authentication method'));
    await user.click(await screen.findByText('Basic authentication'));
    expect(last()).toMatchObject({ basicAuth: true, jsonData });
    expect(screen.queryByText(/[Cc]ookies by name/)).not.toBeInTheDocument();
  });
});

it('stores no time-out that is empty, and a number as one', async () => {
  const { last, user } = setUp({ jsonData: { timeout: 5 } });
  const timeout = screen.getByLabelText(/^Timeout/);
  await user.clear(timeout);
  expect(last()?.jsonData).toEqual({});
  await user.type(timeout, '9');
  expect(last()?.jsonData).toEqual({ timeout: 9 });
  await user.type(timeout, 's');
  expect(last()?.jsonData).toEqual({ timeout: '9s' });
});

it('has nothing to change where a file provisions it, and all of it can be read', async () => {
  const { onOptionsChange, user, unfold } = setUp({
    readOnly: true,
    basicAuth: true,
    basicAuthUser: 'grafana',
    jsonData: {
      ...{ masters: ['zk://zk1:2181/mesos'], pollInterval: '30s', agentStatistics: true, agentHeaders: ['X-Id'] },
      ...{ memoryLimit: '1GiB', sandboxLogs: 'admin', timeout: 5, taskLabels: ['team'], httpHeaderName1: 'X-A' },
    } as MesosOptions,
    secureJsonFields: { zkDigest: true, agentHeaderValue1: true, httpHeaderValue1: true, basicAuthPassword: true },
  });
  for (const control of [...screen.getAllByRole('textbox'), ...screen.getAllByRole('combobox')]) {
    expect(control).toBeDisabled();
  }
  for (const control of screen.getAllByRole('checkbox')) {
    expect(control).toBeDisabled();
  }
  expect(screen.getByLabelText(/^Poll interval/)).toHaveValue('30s');
  expect(screen.getByLabelText('ZooKeeper digest')).toHaveValue('configured');
  expect(screen.getByLabelText('Value of header 1')).toHaveValue('configured');
  expect(screen.getByText('team')).toBeInTheDocument();
  const folds = screen.getAllByRole('button', { name: /section/ });
  expect(folds.length).toBeGreaterThan(4);
  for (const button of screen.getAllByRole('button')) {
    if (
      !folds.includes(button) &&
      button.textContent !== 'Show provisioning YAML' &&
      !button.hasAttribute('disabled')
    ) {
      await user.click(button); // also of @grafana/plugin-ui, which has buttons that do nothing then
    }
  }
  expect(onOptionsChange).not.toHaveBeenCalled();
  await user.click(screen.getByRole('button', { name: 'Collapse section Collection' }));
  await unfold('Collection');
});

describe('what Save & test found', () => {
  const report: Report = {
    ...{ leader: 'master1:5050', version: '1.12.0', cluster: 'prod', agents: 3, frameworks: 0, tasks: 12 },
    masters: [
      { address: 'master1:5050', leading: true },
      { address: 'master2:5050', leading: false, error: 'refused' },
    ],
    polls: [
      { page: '/state', every: '15s', size: '1.2 MiB', took: '12ms', master: '9ms' },
      { page: '/roles', error: '403 Forbidden' },
      { page: 'event stream', result: 'open' },
    ],
    ...{ history: 'in memory, 20 series', events: 'in memory, 0 events', warnings: ['something is odd'] },
  };
  const found = (one: object = {}) => act(() => tests.next({ uid: 'mesos', at: 0, report, ...one }));

  it('is drawn as a report', () => {
    setUp();
    expect(screen.queryByRole('region', { name: 'What Save & test found' })).not.toBeInTheDocument();
    found();
    const region = within(screen.getByRole('region', { name: 'What Save & test found' }));
    expect(region.getByText('Leader').nextSibling).toHaveTextContent('master1:5050');
    expect(region.getByText('Frameworks').nextSibling).toHaveTextContent('0');
    expect(region.getByRole('row', { name: '/state 15s 1.2 MiB 12ms 9ms' })).toBeInTheDocument();
    expect(region.getByRole('row', { name: /roles 403 Forbidden/ })).toBeInTheDocument();
    expect(region.getByRole('row', { name: 'event stream open' })).toBeInTheDocument();
    expect(region.getByRole('list', { name: 'Warnings' })).toHaveTextContent('something is odd');
    expect(region.getByRole('list', { name: 'Masters that do not answer' })).toHaveTextContent('master2:5050: refused');
  });

  it('is that of this data source, and goes with a test that found nothing', () => {
    setUp();
    found({ uid: 'other' });
    expect(screen.queryByText('12ms')).not.toBeInTheDocument();
    found();
    expect(screen.getByText('12ms')).toBeInTheDocument();
    found({ report: undefined });
    expect(screen.queryByText('12ms')).not.toBeInTheDocument();
  });

  it('has no numbers where no leader was found', () => {
    setUp();
    found({ report: { ...report, leader: '', agents: 0 } });
    expect(screen.queryByText('Agents', { selector: 'dt' })).not.toBeInTheDocument();
  });
});

it('shows the provisioning file of what is configured', async () => {
  const { user } = setUp({
    jsonData: { masters: ['http://master1:5050'] },
    secureJsonFields: { basicAuthPassword: true },
  });
  await user.click(screen.getByRole('button', { name: 'Show provisioning YAML' }));
  const dialog = within(screen.getByRole('dialog'));
  expect(dialog.getByTestId('provisioning-yaml')).toHaveTextContent('masters: - http://master1:5050');
  expect(dialog.getByTestId('provisioning-yaml')).toHaveTextContent('basicAuthPassword: $MESOS_BASIC_AUTH_PASSWORD');
});
