import { FieldType, toDataFrame, type DataFrame } from '@grafana/data';

import { withForecastColors } from './forecastColors';

const PALETTE = ['green', 'yellow', 'blue', 'orange'];
const request = { requestId: 'Q1' };

const dashed = { lineStyle: { fill: 'dash', dash: [10, 10] } };
const series = (refId: string, labels: Record<string, string>, custom?: object) =>
  toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: [1, 2] },
      { name: 'Value', type: FieldType.number, values: [1, 2], labels, config: { custom } },
    ],
  });

const colorsOf = (frames: DataFrame[]) => frames.map(({ fields }) => fields[1].config.color?.fixedColor);

it('gives a forecast the color of its series, by the place that the series has among all', () => {
  const { data } = withForecastColors(
    {
      data: [
        series('A', { agent: 'a1' }),
        series('A', { agent: 'a2', __name__: 'm' }),
        series('A', { agent: 'a2', forecast: '1d' }, dashed),
        series('A', { agent: 'a1', forecast: '1d' }, dashed),
        series('B', { agent: 'a1' }),
        series('B', { agent: 'a1', forecast: '1d' }, dashed),
        series('B', { agent: 'a9', forecast: '1d' }, dashed), // whose series is not known
      ],
    },
    request,
    PALETTE
  );
  expect(colorsOf(data)).toEqual([undefined, undefined, 'yellow', 'green', undefined, 'green', undefined]);
  expect(data[2].fields[1].config.color).toEqual({ mode: 'fixed', fixedColor: 'yellow' });
});

it('changes no other answer', () => {
  const answer = { data: [series('A', { forecast: '1d' }), series('A', {})] };
  expect(withForecastColors(answer, request, PALETTE)).toBe(answer);
});

it('gives none where other data sources draw into the panel', () => {
  const answer = { data: [series('A', {}), series('A', { forecast: '1d' }, dashed)] };
  expect(withForecastColors(answer, { requestId: 'mixed-1-Q1' }, PALETTE)).toBe(answer);
  expect(colorsOf(withForecastColors(answer, request, PALETTE).data)).toEqual([undefined, 'green']);
});
