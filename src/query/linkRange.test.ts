import { createDataFrame, dateTime, FieldType, type TimeRange } from '@grafana/data';

import { withLinkRange } from './linkRange';

const [from, to] = [dateTime(1000), dateTime(2000)];
const range: TimeRange = { from, to, raw: { from: 'now-6h', to: 'now' } };
const internal = { query: { queryType: 'logs' }, datasourceUid: 'mesos', datasourceName: '' };

it('gives links to queries the range of the request, and leaves other links as they are', () => {
  const page = { title: 'Web UI', url: 'http://master' };
  const own = { title: 'Then', url: '', internal: { ...internal, range: { from, to, raw: { from, to } } } };
  const frame = createDataFrame({
    fields: [
      {
        name: 'id',
        type: FieldType.string,
        values: [],
        config: { links: [{ title: 'Logs', url: '', internal }, page, own] },
      },
      { name: 'n', type: FieldType.number, values: [], config: { unit: 'short' } },
    ],
  });
  const plain = createDataFrame({ fields: [] });
  const { data, state } = withLinkRange({ data: [frame, plain], state: undefined }, range);
  expect(state).toBeUndefined();
  expect(data[0].fields[0].config.links).toEqual([
    { title: 'Logs', url: '', internal: { ...internal, range } },
    page,
    own,
  ]);
  expect(data[0].fields[1].config.unit).toBe('short');
  expect(data[1]).toBe(plain);
  expect(frame.fields[0].config.links?.[0].internal).toEqual(internal);
});
