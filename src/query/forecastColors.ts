// The colors of forecasts. What is expected is a series of its own, as its line is dashed, and Grafana gives each series the next
// color of its palette: a reader could not tell which forecast is whose.
import { FieldType, type DataFrame, type DataQueryRequest, type DataQueryResponse, type Field } from '@grafana/data';
import { isEqual, omit } from 'lodash';

/** The label of what is expected (pkg/query/forecast.go). */
const FORECAST = 'forecast';

/** Returns an answer whose forecasts have the color that Grafana's Classic palette gives their series. */
export function withForecastColors(
  answer: DataQueryResponse,
  { requestId }: Pick<DataQueryRequest, 'requestId'>,
  palette: string[]
): DataQueryResponse {
  const frames: DataFrame[] = answer.data;
  // With other data sources in the panel nobody knows here which color a series has (MixedDatasource.ts).
  if (requestId?.startsWith('mixed-') || !frames.some((frame) => frame.fields.some(isForecast))) {
    return answer;
  }
  // Grafana counts the fields that it draws (setClassicPaletteIdxs).
  const drawn = frames
    .filter(({ meta }) => !meta?.dataTopic)
    .flatMap(({ refId, fields }) => fields.filter(isDrawn).map((field) => ({ refId, field })));
  const colorOf = (refId: string | undefined, expected: Field) => {
    const labels = labelsOf(expected);
    const at = drawn.findIndex(
      ({ refId: of, field }) => of === refId && !isForecast(field) && isEqual(labelsOf(field), labels)
    );
    return at < 0 ? undefined : palette[at % palette.length];
  };
  return {
    ...answer,
    data: frames.map((frame) => ({
      ...frame,
      fields: frame.fields.map((field) => {
        const fixedColor = isForecast(field) ? colorOf(frame.refId, field) : undefined;
        return fixedColor ? { ...field, config: { ...field.config, color: { mode: 'fixed', fixedColor } } } : field;
      }),
    })),
  };
}

const isForecast = ({ labels, config }: Field) =>
  labels?.[FORECAST] !== undefined && config.custom?.lineStyle?.fill === 'dash';

const isDrawn = ({ type }: Field) => [FieldType.number, FieldType.boolean, FieldType.enum].includes(type);

/** Functions take the name away. */
const labelsOf = ({ labels = {} }: Field) => omit(labels, FORECAST, '__name__');
