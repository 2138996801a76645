// Frames as tables, one at a time, as Grafana's table panel shows them.
import React, { useState } from 'react';

import { type DataFrame, getFrameDisplayName } from '@grafana/data';
import type { TableSortByFieldState } from '@grafana/schema';
import { Combobox, Table } from '@grafana/ui';

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
  /** With the choice of a frame below the table, when there are several. */
  height?: number;
  sortBy?: TableSortByFieldState[];
}

const choiceHeight = 40;

export function Frames({ frames, width, height = 400, sortBy }: Props) {
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, frames.length - 1);
  const options = frames.map((frame, i) => ({ label: `${frame.refId}: ${getFrameDisplayName(frame, i)}`, value: i }));
  return (
    <div data-testid="table">
      <Table
        data={frames[at]}
        width={width}
        height={frames.length > 1 ? height - choiceHeight : height}
        initialSortBy={sortBy}
      />
      {frames.length > 1 && (
        <Combobox options={options} value={at} onChange={(option) => setChosen(option?.value ?? at)} />
      )}
    </div>
  );
}
