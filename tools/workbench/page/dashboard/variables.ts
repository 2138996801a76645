// A dashboard's variables: their options, queried from the data source as Grafana
// does, and their values for panels.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { lastValueFrom } from 'rxjs';

import {
  CoreApp,
  type CustomVariableSupport,
  type DataSourceApi,
  type RawTimeRange,
  type ScopedVars,
  toDataFrame,
  VariableSupportType,
} from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';

import { requestFor } from '../run.ts';
import { chosenOf, valueOf, type Variable } from './model.ts';

export interface Choice {
  label: string;
  value: string;
}

/** The options of a variable, or the error. */
export interface Offer {
  choices: Choice[];
  error?: string;
}

/** Queries the plugin for the options of a variable. Frames have the fields `text` and `value`. */
async function ask(datasource: DataSourceApi, variable: Variable, raw: RawTimeRange): Promise<Choice[]> {
  const { query, name, type, options = [] } = variable;
  if (type !== 'query') {
    return options.map(({ text, value }) => ({ label: String(text), value: String(value) }));
  }
  const support = datasource.variables;
  if (typeof query !== 'object' || !support || support.getType() !== VariableSupportType.Custom) {
    throw new Error(`the plugin has no custom variable support, which the variable ${name} needs`);
  }
  const request = requestFor({ datasource, queries: [], raw, points: 100, name: `variable ${name}` });
  const targets = [{ ...query, datasource: datasource.getRef() }];
  const answer = (support as CustomVariableSupport<DataSourceApi>).query({
    ...request,
    app: CoreApp.Dashboard,
    targets,
  });
  const { data, error, errors } = await lastValueFrom(answer);
  const failure = errors?.[0] ?? error;
  if (failure) {
    throw failure;
  }
  return data.flatMap((one) => {
    const frame = toDataFrame(one);
    const column = (name: string) => frame.fields.find((field) => field.name === name)?.values ?? [];
    return column('value').map((value, i) => ({ value: String(value), label: String(column('text')[i] ?? value) }));
  });
}

/** The options of each variable; queried when the data source or the range changes. */
export function useOffers(datasource: DataSourceApi, variables: Variable[], raw: RawTimeRange): Record<string, Offer> {
  const [offers, setOffers] = useState<Record<string, Offer>>({});
  const latest = useRef(raw);
  useLayoutEffect(() => {
    latest.current = raw;
  });
  const [from, to] = [raw.from.valueOf(), raw.to.valueOf()]; // The moments are new objects at each render.
  useEffect(() => {
    let current = true;
    for (const variable of variables) {
      const offer = ask(datasource, variable, latest.current).then(
        (choices) => ({ choices }),
        (error: unknown) => ({ choices: [], error: toDataQueryError(error).message ?? String(error) })
      );
      void offer.then((answer) => {
        if (current) {
          setOffers((before) => ({ ...before, [variable.name]: answer }));
        }
      });
    }
    return () => {
      current = false;
    };
  }, [datasource, variables, from, to]);
  return offers;
}

/** The variables as requests carry them. */
export function scopedVarsOf(
  variables: Variable[],
  offers: Record<string, Offer>,
  inAddress: Record<string, string[]>
): ScopedVars {
  return Object.fromEntries(
    variables.map((variable) => {
      const all = (offers[variable.name]?.choices ?? []).map((choice) => choice.value);
      const value = valueOf(variable, chosenOf(variable, inAddress), all);
      return [variable.name, { text: String(value), value }];
    })
  );
}
