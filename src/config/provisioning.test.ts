import type { DataSourceSettings } from '@grafana/data';

import { provisioningYaml } from './provisioning';
import type { MesosOptions, MesosSecureOptions } from './types';

type Settings = DataSourceSettings<MesosOptions, MesosSecureOptions>;

function settings(part: Partial<Settings>): Settings {
  return {
    name: 'Mesos',
    uid: 'mesos',
    type: 'community-mesos-datasource',
    url: '',
    basicAuth: false,
    basicAuthUser: '',
    isDefault: false,
    jsonData: {},
    secureJsonFields: {},
    ...part,
  } as Settings;
}

it('holds what was set, and secrets by name only', () => {
  const yaml = provisioningYaml(
    settings({
      isDefault: true,
      basicAuth: true,
      basicAuthUser: 'grafana',
      jsonData: {
        masters: ['http://master1:5050', ''],
        pollInterval: '15s',
        taskLabels: ['team', 'env'],
        maxSeries: 300000,
        agentStatistics: true,
        clusterName: '',
        tlsAuthWithCACert: true,
        pdcInjected: false,
      } as MesosOptions,
      secureJsonFields: { basicAuthPassword: true, tlsClientKey: false },
      secureJsonData: { tlsCACert: '-----BEGIN CERTIFICATE-----' },
    })
  );
  expect(yaml).toBe(`apiVersion: 1
datasources:
  - name: Mesos
    uid: mesos
    type: community-mesos-datasource
    access: proxy
    isDefault: true
    basicAuth: true
    basicAuthUser: grafana
    jsonData:
      masters:
        - http://master1:5050
      pollInterval: 15s
      taskLabels:
        - team
        - env
      maxSeries: 300000
      agentStatistics: true
      tlsAuthWithCACert: true
    # environment variables of Grafana’s server
    secureJsonData:
      basicAuthPassword: $MESOS_BASIC_AUTH_PASSWORD
      tlsCACert: $MESOS_TLS_CA_CERT
`);
});

it.each([
  ['prod', 'prod'],
  ['true', '"true"'],
  ['No', '"No"'],
  ['42', '"42"'],
  ['1e3', '"1e3"'],
  ['12:30', '"12:30"'],
  ['a: b', '"a: b"'],
  ['#1', '"#1"'],
  ['-', '"-"'],
  ['it’s "it"', '"it’s \\"it\\""'],
  ['.*\\.example\\.com$', '".*\\\\.example\\\\.com$$"'],
])('the text %j is %s', (clusterName, written) => {
  expect(provisioningYaml(settings({ jsonData: { clusterName } }))).toContain(`clusterName: ${written}\n`);
});

it('has an empty list and an empty map in one line', () => {
  expect(provisioningYaml(settings({ jsonData: { masters: [] } }))).toContain('masters: []');
  expect(provisioningYaml(settings({}))).toContain('jsonData: {}');
});

it('keeps the places of agents’ headers, which their values have too', () => {
  const yaml = provisioningYaml(
    settings({
      jsonData: { agentHeaders: ['', 'Authorization'] },
      secureJsonFields: { agentHeaderValue2: true },
    })
  );
  expect(yaml).toContain('agentHeaders:\n        - ""\n        - Authorization\n');
  expect(yaml).toContain('agentHeaderValue2: $MESOS_AGENT_HEADER_VALUE2\n');
});
