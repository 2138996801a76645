// The names of settings in what the backend says of a query: it names their keys, as provisioning files have them, and people
// who see a panel know the settings page at most.
import type { DataFrame, DataQueryError, DataQueryResponse } from '@grafana/data';
import { from, map, type Observable, of } from 'rxjs';

/** Matches what may be the key of a setting: jsonData.masters, memoryLimit. */
const MAY_NAME_ONE = /jsonData\.|\b[a-z]+[A-Z]/;

/** Returns an answer whose messages have the names of settings. They are a part of the settings page, which is loaded for it. */
export function withSettingNames(answer: DataQueryResponse): Observable<DataQueryResponse> {
  return textsOf(answer).some((text) => MAY_NAME_ONE.test(text))
    ? from(load()).pipe(map(({ withNamesAlone }) => renamed(answer, withNamesAlone)))
    : of(answer);
}

const load = () => import('../config/fieldNames');

/** The part of an answer that has messages. Grafana 12 still reads the one error beside the list. */
interface Told {
  data: DataFrame[];
  error?: DataQueryError;
  errors?: DataQueryError[];
}

function textsOf({ error, errors = [], data }: Told): string[] {
  const ofErrors = [...errors, ...(error ? [error] : [])].flatMap((one) => [
    one.message ?? '',
    one.data?.message ?? '',
  ]);
  return [...ofErrors, ...data.flatMap(({ meta }) => (meta?.notices ?? []).map(({ text }) => text))];
}

function renamed<T extends Told>(answer: T, name: (text: string) => string): T {
  const ofError = (error: DataQueryError): DataQueryError => ({
    ...error,
    ...(error.message && { message: name(error.message) }),
    ...(error.data?.message && { data: { ...error.data, message: name(error.data.message) } }),
  });
  return {
    ...answer,
    ...(answer.error && { error: ofError(answer.error) }),
    ...(answer.errors && { errors: answer.errors.map(ofError) }),
    data: answer.data.map((frame) =>
      frame.meta?.notices?.length
        ? {
            ...frame,
            meta: { ...frame.meta, notices: frame.meta.notices.map((one) => ({ ...one, text: name(one.text) })) },
          }
        : frame
    ),
  };
}
