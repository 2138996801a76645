// A dashboard's annotations: queried from the data source as Grafana does.
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { lastValueFrom, of } from 'rxjs';

import {
  type AnnotationQuery,
  CoreApp,
  type DataSourceApi,
  type RawTimeRange,
  type ScopedVars,
  toDataFrame,
} from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';

import { isMark, type Mark, marksOf } from '../panels/marks.ts';
import { requestFor } from '../run.ts';

export interface Asked {
  datasource: DataSourceApi;
  annotations: AnnotationQuery[];
  raw: RawTimeRange;
  variables: ScopedVars;
  /** The annotations are queried again when this number changes. */
  refreshes: number;
}

export interface Annotated {
  marks: Mark[];
  /** Why annotations could not be queried. */
  errors: string[];
}

/** Returns the events of one annotation, in its color. Grafana asks for 100 points (executeAnnotationQuery.ts). */
async function ask({ datasource, raw, variables }: Asked, saved: AnnotationQuery): Promise<Mark[]> {
  const support = datasource.annotations ?? {};
  const annotation = support.prepareAnnotation?.(saved) ?? saved;
  const query = support.prepareQuery ? support.prepareQuery(annotation) : annotation.target;
  if (!query) {
    return [];
  }
  const request = requestFor({
    datasource,
    queries: [{ ...query, refId: 'Anno' }],
    raw,
    points: 100,
    name: `annotation ${saved.name}`,
    app: CoreApp.Dashboard,
    variables,
  });
  const answer = datasource.query(request);
  const { data, error, errors } = await lastValueFrom('subscribe' in answer ? answer : of(await answer));
  const failure = errors?.[0] ?? error;
  if (failure) {
    throw failure;
  }
  const frames = data.map((frame) => toDataFrame(frame));
  const found = support.processEvents
    ? await lastValueFrom(support.processEvents(annotation, frames))
    : marksOf(frames);
  return (found ?? []).filter(isMark).map((mark) => ({ ...mark, color: saved.iconColor }));
}

/** Keeps the events of a dashboard's annotations current. Earlier ones are kept until the next arrive. */
export function useAnnotations(asked: Asked, refreshMs: number): Annotated {
  const { datasource, annotations, raw, variables, refreshes } = asked;
  const [annotated, setAnnotated] = useState<Annotated>({ marks: [], errors: [] });
  const [ticks, setTicks] = useState(0);
  const latest = useRef(asked);
  useLayoutEffect(() => {
    latest.current = asked;
  });
  const [from, to] = [raw.from.valueOf(), raw.to.valueOf()]; // The moments are new objects at each render.
  useEffect(() => {
    let current = true;
    const shown = annotations.filter(({ enable }) => enable);
    void Promise.allSettled(shown.map((annotation) => ask(latest.current, annotation))).then((answers) => {
      if (current) {
        setAnnotated({
          marks: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
          errors: answers.flatMap((answer, i) =>
            answer.status === 'rejected'
              ? [`${shown[i].name}: ${toDataQueryError(answer.reason).message ?? 'No cause was given.'}`]
              : []
          ),
        });
      }
    });
    return () => {
      current = false;
    };
  }, [datasource, annotations, from, to, variables, refreshes, ticks]);
  useEffect(() => {
    if (!refreshMs) {
      return undefined;
    }
    const timer = setInterval(() => setTicks((count) => count + 1), refreshMs);
    return () => clearInterval(timer);
  }, [refreshMs]);
  return annotated;
}
