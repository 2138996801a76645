// Frames as tables, one at a time, as Grafana's table panel shows them.
import React, { useState } from 'react';

import { type DataFrame, getFrameDisplayName } from '@grafana/data';
import { Combobox, Table } from '@grafana/ui';

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
}

export function Frames({ frames, width }: Props) {
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, frames.length - 1);
  const options = frames.map((frame, i) => ({ label: `${frame.refId}: ${getFrameDisplayName(frame, i)}`, value: i }));
  return (
    <div data-testid="table">
      <Table data={frames[at]} width={width} height={frames.length > 1 ? 360 : 400} />
      {frames.length > 1 && <Combobox options={options} value={at} onChange={(option) => setChosen(option.value)} />}
    </div>
  );
}
