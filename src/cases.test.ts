// Replays what the front end does in the cases of testdata/cases (README.md there has the format).
import type { DataQueryRequest, DataSourceInstanceSettings } from '@grafana/data';
import { setBackendSrv, setTemplateSrv, type BackendSrv, type TemplateSrv } from '@grafana/runtime';
import { readdirSync, readFileSync } from 'fs';
import path from 'path';
import { firstValueFrom, of } from 'rxjs';

import { MesosDatasource } from './datasource';
import { interpolateQuery } from './query/interpolate';
import type { MesosQuery } from './query/types';
import { fakeTemplates } from './testing/templates';
import { MesosVariableSupport } from './variables/VariableSupport';

interface Check {
  query?: Partial<MesosQuery>;
  variables?: Parameters<typeof fakeTemplates>[0];
  variable?: unknown;
  sent?: Partial<MesosQuery>;
  error?: { has?: string[]; lacks?: string[] };
}

const FOLDER = path.join(__dirname, '../testdata/cases');

const CASES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file): [string, Check[] | undefined] => {
    const { want } = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8'));
    return [path.basename(file, '.json'), want?.front];
  })
  .filter((one): one is [string, Check[]] => one[1] !== undefined);

test.each(CASES)('%s', async (_, checks) => {
  expect(checks.length).toBeGreaterThan(0);
  for (const { query, variables, variable, sent, error } of checks) {
    const got = query
      ? interpolateQuery({ refId: 'A', ...query }, fakeTemplates(variables))
      : await ask(variable, variables).catch((problem: Error) => problem);
    if (error) {
      const text = got instanceof Error ? got.message : `no error, but ${JSON.stringify(got)}`;
      for (const part of error.has ?? []) {
        expect(text).toContain(part);
      }
      for (const part of error.lacks ?? []) {
        expect(text).not.toContain(part);
      }
    } else {
      expect(sent).toBeDefined();
      expect(got).toMatchObject(sent!);
    }
  }
});

/** Returns the query that a variable sends to the backend. */
async function ask(stored: unknown, variables?: Check['variables']): Promise<MesosQuery> {
  const sent: MesosQuery[] = [];
  setTemplateSrv(fakeTemplates(variables) as unknown as TemplateSrv);
  setBackendSrv({
    fetch: (request: { data: { queries: MesosQuery[] } }) => {
      sent.push(...request.data.queries);
      return of({ data: { results: {} } });
    },
  } as unknown as BackendSrv);
  const settings = { uid: 'mesos', type: 'community-mesos-datasource', name: 'Mesos', jsonData: {} };
  const datasource = new MesosDatasource(settings as DataSourceInstanceSettings<never>);
  await firstValueFrom(
    new MesosVariableSupport(datasource).query({
      targets: [stored],
      scopedVars: {},
      intervalMs: 0,
      maxDataPoints: 100,
      range: { from: 0, to: 1 },
    } as unknown as DataQueryRequest<MesosQuery>)
  );
  expect(sent).toHaveLength(1);
  return sent[0];
}
