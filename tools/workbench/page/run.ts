// Runs queries as Grafana's query runner does: filter, a request with interval
// and variables, the data source's own query(), and an answer as PanelData.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { isObservable, type Subscription } from 'rxjs';

import {
  CoreApp,
  type DataFrame,
  type DataQueryError,
  type DataQueryRequest,
  type DataSourceApi,
  LoadingState,
  type PanelData,
  rangeUtil,
  type RawTimeRange,
  type ScopedVars,
  toDataFrame,
} from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';
import type { DataQuery } from '@grafana/schema';

import { isOfMarks } from './panels/marks.ts';

/** What is asked. */
export interface Asked {
  datasource: DataSourceApi;
  queries: DataQuery[];
  raw: RawTimeRange;
  /** The number of points that fit; no query runs while it is 0. */
  points: number;
  /** Tells requests apart: a new one ends an older one of the same name. */
  name?: string;
  app?: CoreApp;
  /** Variables' values, beside $__interval and the like. */
  variables?: ScopedVars;
}

/** A request as Grafana's query runner makes it. */
export function requestFor({ datasource, queries, raw, points, name, app, variables }: Asked): DataQueryRequest {
  const range = rangeUtil.convertRawToRange(raw);
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, points, datasource.interval);
  const shown = queries.filter((query) => !query.hide && (datasource.filterQuery?.(query) ?? true));
  return {
    app: app ?? CoreApp.Explore,
    requestId: `workbench ${name ?? ''}`,
    interval,
    intervalMs,
    maxDataPoints: points,
    range,
    rangeRaw: raw,
    scopedVars: {
      ...variables,
      __interval: { text: interval, value: interval },
      __interval_ms: { text: String(intervalMs), value: intervalMs },
    },
    targets: shown.map((query) => ({ ...query, datasource: datasource.getRef() })),
    timezone: 'browser',
    startTime: Date.now(),
  };
}

/** The current data, and a function that runs the queries again. */
export interface Run {
  data: PanelData;
  /** Runs the queries once more, after the next render. */
  run: () => void;
}

/**
 * Keeps the data of the queries current: runs them when the data source, the
 * range or a variable changes, every `refreshMs` (0: never), and when `run` is
 * called. Earlier data is kept until the next arrives.
 */
export function useRun(asked: Asked, refreshMs: number): Run {
  const { datasource, raw, points, variables } = asked;
  const [data, setData] = useState<PanelData>(() => ({
    state: LoadingState.NotStarted,
    series: [],
    timeRange: rangeUtil.convertRawToRange(raw),
  }));
  const running = useRef<Subscription>();
  // An editor calls onChange and onRunQuery together: the queries run after the
  // next render, with the changed query.
  const latest = useRef(asked);
  useLayoutEffect(() => {
    latest.current = asked;
  });

  const start = useCallback(() => {
    running.current?.unsubscribe();
    const request = requestFor({ ...latest.current, datasource });
    const finish = (state: LoadingState, frames: DataFrame[], errors: DataQueryError[] = []) =>
      setData({
        state,
        series: frames.filter((frame) => !isOfMarks(frame)),
        annotations: frames.filter(isOfMarks),
        errors,
        error: errors[0],
        request: { ...request, endTime: Date.now() },
        timeRange: request.range,
      });
    const fail = (error: unknown) => finish(LoadingState.Error, [], [toDataQueryError(error)]);
    if (request.targets.length === 0) {
      finish(LoadingState.Done, []);
      return;
    }
    setData((before) => ({ ...before, state: LoadingState.Loading }));
    try {
      const answer = datasource.query(request);
      if (!isObservable(answer)) {
        throw new Error('query() returned a promise; the workbench expects an observable');
      }
      running.current = answer.subscribe({
        next: (response) => {
          const errors = response.errors ?? (response.error ? [response.error] : []);
          finish(
            response.state ?? LoadingState.Done,
            response.data.map((frame) => toDataFrame(frame)),
            errors
          );
        },
        error: fail,
      });
    } catch (error) {
      fail(error);
    }
  }, [datasource]);

  const run = useCallback(() => void setTimeout(start), [start]);

  const ready = points > 0;
  const [from, to] = [raw.from.valueOf(), raw.to.valueOf()]; // A moment is another object at each render.
  useEffect(() => {
    if (ready) {
      start();
    }
    return () => running.current?.unsubscribe();
  }, [start, from, to, ready, variables]);

  useEffect(() => {
    if (!refreshMs) {
      return undefined;
    }
    const timer = setInterval(() => {
      const busy = running.current?.closed === false; // A slow query would never end if each tick started it again.
      if (!document.hidden && !busy) {
        start();
      }
    }, refreshMs);
    return () => clearInterval(timer);
  }, [start, refreshMs]);

  return { data, run };
}
