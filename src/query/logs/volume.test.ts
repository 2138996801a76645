import {
  dateTime,
  hasSupplementaryQuerySupport,
  SupplementaryQueryType,
  type DataQueryRequest,
  type DataSourceApi,
  type DataSourceInstanceSettings,
} from '@grafana/data';

import type { MesosOptions } from '../../config/types';
import { MesosDatasource } from '../../datasource';
import type { MesosQuery } from '../types';

const source = () => new MesosDatasource({ uid: 'mesos', name: 'Mesos' } as DataSourceInstanceSettings<MesosOptions>);

const logs: MesosQuery = {
  ...{ refId: 'A', queryType: 'logs', taskId: 't1', frameworkId: 'F1', file: 'stderr', filter: 'x' },
  ...{ limit: 50, live: true },
};

function request(...targets: MesosQuery[]): DataQueryRequest<MesosQuery> {
  const range = { from: dateTime(0), to: dateTime(1000) };
  return {
    targets,
    range: { ...range, raw: range },
    ...{ requestId: 'r', interval: '1s', intervalMs: 1000, timezone: 'utc', app: 'explore', startTime: 0 },
    scopedVars: { __interval: { value: '1s', text: '1s' } },
  };
}

it('counts the lines of a query of logs, and of no other', () => {
  const { LogsVolume, LogsSample } = SupplementaryQueryType;
  const volume = {
    ...{ refId: 'log-volume-A', queryType: 'logs', taskId: 't1', frameworkId: 'F1', file: 'stderr', filter: 'x' },
    volume: true,
  };
  expect(source().getSupplementaryQuery({ type: LogsVolume }, logs)).toEqual(volume);
  expect(source().getSupplementaryQuery({ type: LogsSample }, logs)).toBeUndefined();
  const sql: MesosQuery = { refId: 'B', queryType: 'sql', sql: 'SELECT 1' };
  const asked = request(logs, sql, { ...logs, refId: 'C', hide: true }, { ...logs, refId: 'D', taskId: '' });
  const made = source().getSupplementaryRequest(LogsVolume, asked);
  expect(made).toEqual({ ...asked, targets: [volume] });
  expect(made?.scopedVars).not.toBe(asked.scopedVars); // Grafana changes them
  expect(source().getSupplementaryRequest(LogsVolume, request(sql))).toBeUndefined();
  expect(source().getSupplementaryRequest(LogsSample, asked)).toBeUndefined();
});

it('has a volume in Explore where a query is of logs', () => {
  const { LogsVolume, LogsSample } = SupplementaryQueryType;
  const has = (type: SupplementaryQueryType, asked?: DataQueryRequest<MesosQuery>) =>
    hasSupplementaryQuerySupport(source() as unknown as DataSourceApi, type, asked);
  expect(has(LogsVolume)).toBe(true);
  expect(has(LogsVolume, request(logs))).toBe(true);
  expect(has(LogsVolume, request({ refId: 'A', expr: 'up' }))).toBe(false);
  expect(has(LogsSample, request(logs))).toBe(false);
});
