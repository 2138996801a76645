import { DataFrameType, FieldType, type DataFrame, type Field } from '@grafana/data';

import { withRows } from './instantRows';

const series = (value: number, labels: Record<string, string>): Field => ({
  name: 'Value',
  type: FieldType.number,
  labels,
  config: {
    unit: 'bytes',
    description: 'About',
    displayNameFromDS: labels.agent,
    filterable: true,
    links: [{ title: 'Agent', url: '' }],
  },
  values: [value],
});

const wide = (...fields: Field[]): DataFrame => ({
  refId: 'A',
  length: fields.length && 1,
  fields,
  meta: { type: DataFrameType.NumericWide, executedQueryString: 'x', notices: [{ severity: 'info', text: 'Note' }] },
});

describe('an instant answer in Explore', () => {
  it('has a row per series and a column per label', () => {
    const answer = withRows({
      data: [
        wide(
          series(1, { agent: 'a1', __name__: 'x', cluster: 'c' }),
          series(2, { agent: 'a2', cluster: 'c', rack: 'r' })
        ),
      ],
    });
    const [frame] = answer.data;
    expect(frame.fields.map(({ name, values }: Field) => [name, values])).toEqual([
      ['__name__', ['x', '']],
      ['agent', ['a1', 'a2']],
      ['cluster', ['c', 'c']],
      ['rack', ['', 'r']],
      ['Value', [1, 2]],
    ]);
    expect(frame).toMatchObject({ refId: 'A', length: 2 });
    expect(frame.meta).toEqual({
      type: DataFrameType.NumericLong,
      preferredVisualisationType: 'table',
      executedQueryString: 'x',
      notices: [{ severity: 'info', text: 'Note' }],
    });
    expect(frame.fields[4].config).toEqual({ unit: 'bytes', description: 'About' });
    expect(frame.fields[1].config).toEqual({ filterable: true });
  });

  it('without series, and other frames, stay as they are', () => {
    const range: DataFrame = { ...wide(series(1, {})), meta: { type: DataFrameType.TimeSeriesMulti } };
    const data = [wide(), range];
    expect(withRows({ data }).data).toEqual(data);
  });
});
