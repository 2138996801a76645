import { toDataFrame } from '@grafana/data';
import { firstValueFrom } from 'rxjs';

import { withSettingNames } from './settingNames';

const REFUSED =
  'the logs of tasks are not shown: an administrator sets who may (jsonData.sandboxLogs: admin or viewer)';
const SAID =
  'the logs of tasks are not shown: an administrator sets who may (setting Logs of tasks of the data source)';

it('names settings in errors and notices as the settings page does', async () => {
  const notices = [{ severity: 'info' as const, text: 'Asked only where the setting agentStatistics is on.' }];
  const frame = toDataFrame({ refId: 'A', fields: [], meta: { notices } });
  const answer = await firstValueFrom(
    withSettingNames({
      data: [frame],
      ...{ error: { refId: 'B', message: REFUSED } },
      errors: [{ refId: 'B', message: REFUSED, data: { message: REFUSED, error: 'x' } }],
    })
  );
  expect((answer as { error?: { message: string } }).error?.message).toBe(SAID);
  expect(answer.errors).toEqual([{ refId: 'B', message: SAID, data: { message: SAID, error: 'x' } }]);
  expect(answer.data[0].meta.notices).toEqual([
    { severity: 'info', text: 'Asked only where the setting “Agent statistics” is on.' },
  ]);
  expect(frame.meta?.notices).toBe(notices); // what Grafana may share is not changed
});

it('leaves other answers as they are, at once', () => {
  const answer = { data: [toDataFrame({ fields: [] })], errors: [{ message: 'too many series' }] };
  let got: unknown;
  withSettingNames(answer).subscribe((one) => (got = one));
  expect(got).toBe(answer);
});
