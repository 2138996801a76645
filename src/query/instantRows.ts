// Instant answers in Explore. A wide frame has a field per series, which Explore's table shows as a column each; as in
// Grafana's Prometheus data source it gets a row per series, and a column per label.
import { DataFrameType, FieldType, type DataFrame, type DataQueryResponse, type Field } from '@grafana/data';
import { omit } from 'lodash';

const METRIC = '__name__';

export function withRows(answer: DataQueryResponse): DataQueryResponse {
  return { ...answer, data: answer.data.map((frame: DataFrame) => (isWide(frame) ? rows(frame) : frame)) };
}

function isWide({ meta, fields }: DataFrame): boolean {
  return meta?.type === DataFrameType.NumericWide && fields.length > 0;
}

function rows(frame: DataFrame): DataFrame {
  const [first] = frame.fields;
  const labels = new Set(frame.fields.flatMap((field) => Object.keys(field.labels ?? {})));
  const order = [...labels].sort((a, b) => Number(b === METRIC) - Number(a === METRIC) || (a < b ? -1 : 1));
  const columns = order.map((label): Field => ({
    name: label,
    type: FieldType.string,
    config: { filterable: true },
    values: frame.fields.map((field) => field.labels?.[label] ?? ''),
  }));
  const value: Field = {
    name: 'Value',
    type: FieldType.number,
    config: omit(first.config, 'displayNameFromDS', 'links', 'filterable'),
    values: frame.fields.map(({ values }) => values[0]),
  };
  return {
    ...frame,
    meta: { ...frame.meta, type: DataFrameType.NumericLong, preferredVisualisationType: 'table' },
    fields: [...columns, value],
    length: frame.fields.length,
  };
}
