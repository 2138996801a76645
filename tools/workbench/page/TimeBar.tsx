// Time range and refresh, as on all of Grafana's pages, for the query page and the
// dashboard.
import React from 'react';

import { dateMath, dateTime, type RawTimeRange, rangeUtil, type TimeRange } from '@grafana/data';
import { RefreshPicker, TimeRangePicker } from '@grafana/ui';

import type { PageState } from './state.ts';

const intervals = ['5s', '15s', '1m', '5m'];

interface Props {
  state: PageState;
  onChange: (part: Partial<PageState>) => void;
  loading: boolean;
  /** The text of the button beside the interval; absent: none. */
  text?: string;
  onRun: () => void;
}

/** A bound of the range as Grafana's pickers take it: a moment, or a text such as now-1h. */
function bound(text: string) {
  return /^\d+$/.test(text) ? dateTime(Number(text)) : text;
}

/** The time range of the page: as chosen, and its current moments. */
export function rangeOf(state: PageState): TimeRange {
  const raw: RawTimeRange = { from: bound(state.from), to: bound(state.to) };
  return { ...rangeUtil.convertRawToRange(raw), raw };
}

/** The part of the page's state that a range from one moment to another is. */
export function textOfMoments(from: number, to: number): Pick<PageState, 'from' | 'to'> {
  return { from: String(Math.round(from)), to: String(Math.round(to)) };
}

function textOf(range: TimeRange): Pick<PageState, 'from' | 'to'> {
  const text = (value: RawTimeRange['from']) => (typeof value === 'string' ? value : String(value.valueOf()));
  return { from: text(range.raw.from), to: text(range.raw.to) };
}

export function TimeBar({ state, onChange, loading, text, onRun }: Props) {
  const range = rangeOf(state);
  const span = range.to.valueOf() - range.from.valueOf();
  const shift = (factor: number) => {
    const from = range.from.valueOf() + span * factor;
    onChange(textOfMoments(from, from + span));
  };
  const zoomOut = () => {
    const to = Math.min(range.to.valueOf() + span / 2, dateMath.parse('now')!.valueOf());
    onChange(textOfMoments(to - 2 * span, to));
  };
  return (
    <>
      <TimeRangePicker
        value={range}
        timeZone="browser"
        onChange={(changed) => onChange(textOf(changed))}
        onChangeTimeZone={() => undefined}
        onMoveBackward={() => shift(-0.5)}
        onMoveForward={() => shift(0.5)}
        onZoom={zoomOut}
        isOnCanvas
      />
      <RefreshPicker
        text={text}
        intervals={intervals}
        value={state.refresh}
        isLoading={loading}
        onRefresh={onRun}
        onIntervalChanged={(refresh) => onChange({ refresh })}
        isOnCanvas
        primary={text !== undefined}
      />
    </>
  );
}
