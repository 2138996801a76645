// Every case of testdata/settings.json, which pkg/plugin/settings_check_test.go reads as well: what is wrong is on the field
// of the setting, and what the form sends to be checked is what is typed.
import type { DataSourceSettings } from '@grafana/data';
import { setBackendSrv, type BackendSrv } from '@grafana/runtime';
import { render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import cases from '../../testdata/settings.json';
import { giveElementsASize } from '../testing/layout';
import ConfigEditor from './ConfigEditor';
import type { WrongSetting } from './check';
import { typedOptions } from './typed';
import type { MesosOptions, MesosSecureOptions } from './types';

interface Case {
  key: string;
  value: unknown;
  entry?: number;
  message?: string;
}

beforeAll(giveElementsASize);

const post = jest.fn<Promise<{ problems: WrongSetting[] }>, [string, { jsonData: Record<string, unknown> }]>();

beforeEach(() => {
  post.mockReset();
  setBackendSrv({ post } as unknown as BackendSrv);
});

const jsonDataOf = ({ key, value }: Case) => ({ [key]: value });

function open(one: Case) {
  const { key, entry, message } = one;
  post.mockResolvedValue({ problems: message ? [{ key, entry, text: message }] : [] });
  const options = {
    uid: 'mesos',
    url: '',
    basicAuthUser: '',
    jsonData: jsonDataOf(one),
    secureJsonFields: {},
  } as unknown as DataSourceSettings<MesosOptions, MesosSecureOptions>;
  render(<ConfigEditor options={options} onOptionsChange={jest.fn()} />);
}

/** The control of a setting, or of an entry of it. */
function controlOf({ key, entry = 0 }: Case): HTMLElement {
  if (key === 'masters') {
    return screen.getByLabelText(`Master ${entry + 1}`);
  }
  if (key === 'httpHeaderName1') {
    return screen.getByLabelText('Header 1');
  }
  if (key === 'agentHeaders') {
    return screen.getByLabelText(`Agent header ${entry + 1}`);
  }
  return document.getElementById(`mesos-${key}`)!;
}

const checked = (cases as Case[]).filter(({ key }) => key !== 'zkDigest'); // secrets.test.ts

it.each(checked.filter(({ message }) => message).map((one) => [one.key, one.value, one] as const))(
  '%s %j is marked on its field',
  async (_key, _value, one) => {
    open(one);
    expect(await screen.findByText(one.message!)).toBeInTheDocument();
    const control = controlOf(one);
    expect(control).toBeInTheDocument();
    expect(control).toHaveAttribute('aria-invalid', 'true');
    expect(control).toHaveAccessibleDescription(one.message);
    expect(post.mock.calls).toEqual([
      ['/api/datasources/uid/mesos/resources/check', { jsonData: sent(one) }, expect.anything()],
    ]);
  }
);

it.each(checked.filter(({ message }) => !message).map((one) => [one.key, one.value, one] as const))(
  '%s %j is marked nowhere',
  async (_key, _value, one) => {
    open(one);
    await waitFor(() => expect(post).toHaveBeenCalledTimes(1));
    expect(post.mock.calls[0][1]).toEqual({ jsonData: sent(one) });
    expect(screen.queryByRole('alert')).not.toBeInTheDocument();
    expect(document.querySelectorAll('[aria-invalid="true"]')).toHaveLength(0);
  }
);

// What is stored is what the backend reads, in the types of the form.
function sent(one: Case) {
  return typedOptions(jsonDataOf(one) as MesosOptions);
}
