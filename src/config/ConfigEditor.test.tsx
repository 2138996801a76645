import type { DataSourceSettings } from '@grafana/data';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import { giveElementsASize } from '../testing/layout';
import ConfigEditor from './ConfigEditor';
import type { MesosOptions, MesosSecureOptions } from './types';

type Settings = DataSourceSettings<MesosOptions, MesosSecureOptions>;

beforeAll(giveElementsASize);

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
  return { onOptionsChange, last, user: userEvent.setup() };
}

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

  it('have what is wrong beside them', async () => {
    const { user } = setUp({ jsonData: { masters: ['http://master1:5050'] } });
    await user.type(screen.getByLabelText('Master 1'), '/state');
    expect(screen.getByText(/"http:\/\/master1:5050\/state" ends in \/state/)).toBeInTheDocument();
    await user.clear(screen.getByLabelText('Master 1'));
    expect(screen.getByText(/^There is no master/)).toBeInTheDocument();
  });
});

describe('ZooKeeper', () => {
  const masters = ['zk://zk1:2181/mesos'];

  it('has its digest where it finds the masters, hidden from Viewers', async () => {
    const { last, user } = setUp({ jsonData: { masters } });
    await user.type(screen.getByLabelText('ZooKeeper digest'), 'mesos');
    expect(screen.getByText(/This is not user:password/)).toBeInTheDocument();
    await user.type(screen.getByLabelText('ZooKeeper digest'), ':s');
    expect(screen.queryByText(/This is not user:password/)).not.toBeInTheDocument();
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
    const { last, user } = setUp();
    const interval = screen.getByLabelText(/^Poll interval/);
    await user.type(interval, '30s');
    expect(last()?.jsonData).toEqual({ pollInterval: '30s' });
    await user.clear(interval);
    expect(last()?.jsonData).toEqual({});
  });

  it('say what is wrong', async () => {
    const { user } = setUp();
    await user.type(screen.getByLabelText(/^Poll interval/), '1s');
    expect(screen.getByText('"1s" is too short: at least 10s')).toBeInTheDocument();
  });

  it('keep numbers numbers and switches switches', async () => {
    const { last, user } = setUp();
    await user.type(screen.getByLabelText(/^Series limit/), '5000');
    await user.click(screen.getByLabelText(/^Agent statistics/));
    expect(last()?.jsonData).toEqual({ maxSeries: 5000, agentStatistics: true });
  });

  it('of agents are there with agent statistics, and their password is a secret', async () => {
    const { last, user } = setUp();
    expect(screen.queryByLabelText(/^Agent address/)).not.toBeInTheDocument();
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
    const { last, user } = setUp();
    await user.type(screen.getByPlaceholderText('New label (Enter to add)'), 'team{Enter}');
    expect(last()?.jsonData).toEqual({ taskLabels: ['team'] });
  });

  it('offer choices', async () => {
    const { last, user } = setUp();
    expect(screen.getByLabelText(/^Task history/)).toHaveValue('Auto');
    await user.click(screen.getByLabelText(/^Task history/));
    await user.click(await screen.findByRole('option', { name: /^Never/ }));
    expect(last()?.jsonData).toEqual({ taskSeries: 'never' });
  });

  it('switch the event stream off', async () => {
    const { last, user } = setUp();
    expect(screen.getByLabelText(/^Event stream/)).toHaveValue('Auto');
    await user.click(screen.getByLabelText(/^Event stream/));
    await user.click(await screen.findByRole('option', { name: /^Never/ }));
    expect(last()?.jsonData).toEqual({ subscribe: 'never' });
  });

  it('name the least role that may read logs, and how agents are queried then', async () => {
    const { last, user } = setUp();
    expect(screen.getByLabelText(/^Logs of tasks/)).toHaveValue('Nobody');
    expect(screen.queryByLabelText(/^Agent address/)).not.toBeInTheDocument();
    await user.click(screen.getByLabelText(/^Logs of tasks/));
    await user.click(await screen.findByRole('option', { name: /^Editor/ }));
    expect(last()?.jsonData).toEqual({ sandboxLogs: 'editor' });
    expect(screen.getByLabelText(/^Agent address/)).toBeInTheDocument();
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
    expect(screen.getByLabelText(/^Series limit/)).toHaveValue(50000);
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

  it('show a switch as off where a text says so', () => {
    setUp({ jsonData: { agentStatistics: 'false' } as unknown as MesosOptions });
    expect(screen.getByLabelText(/^Agent statistics/)).not.toBeChecked();
    expect(screen.queryByLabelText(/^Agent address/)).not.toBeInTheDocument();
  });

  it('tell their default', () => {
    setUp();
    expect(screen.getByText(/Default: 15s\./)).toBeInTheDocument();
    expect(screen.getByText(/Default: 256MiB\./)).toBeInTheDocument();
  });
});

describe('headers of agents', () => {
  const agentStatistics = true;

  it('are there with agent statistics, their values hidden from Viewers', async () => {
    const { last, user } = setUp();
    expect(screen.queryByText('Agent headers')).not.toBeInTheDocument();
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
    const { user } = setUp({ jsonData: { agentStatistics, agentHeaders: ['X-Id', 'x-id'] } });
    expect(screen.getByText('"x-id" is there twice: remove one')).toBeInTheDocument();
    await user.type(screen.getByLabelText('Agent header 2'), ':');
    expect(screen.getByText(/"x-id:" is not the name of an HTTP header/)).toBeInTheDocument();
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

it('stores no time-out that is no number: as text or null it would mean none at all', async () => {
  const { last, user } = setUp({ jsonData: { timeout: 5 } });
  const timeout = screen.getByLabelText('Timeout in seconds');
  await user.clear(timeout);
  expect(last()?.jsonData).toEqual({});
  await user.type(timeout, '9');
  expect(last()?.jsonData).toEqual({ timeout: 9 });
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
