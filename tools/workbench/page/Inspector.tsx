// Executed queries, frames and request, as text.
import React, { useState } from 'react';
import { css } from '@emotion/css';

import { dataFrameToJSON, type GrafanaTheme2, type PanelData } from '@grafana/data';
import { CollapsableSection, RadioButtonGroup, useStyles2 } from '@grafana/ui';

const views = {
  executed: (data: PanelData) =>
    [...new Set(data.series.map((frame) => `${frame.refId}: ${frame.meta?.executedQueryString ?? '(not told)'}`))].join(
      '\n'
    ) || 'No answer yet.',
  frames: (data: PanelData) =>
    JSON.stringify(
      data.series.map((frame) => dataFrameToJSON(frame)),
      null,
      2
    ),
  request: (data: PanelData) => {
    const { range, startTime, endTime, targets, intervalMs, maxDataPoints } = data.request ?? {};
    const span = range && { from: range.from.toISOString(), to: range.to.toISOString() };
    const milliseconds = startTime && endTime ? endTime - startTime : undefined;
    return JSON.stringify(
      { state: data.state, milliseconds, range: span, intervalMs, maxDataPoints, targets },
      null,
      2
    );
  },
};

const options = [
  { label: 'Executed query', value: 'executed' as const },
  { label: 'Frames (JSON)', value: 'frames' as const },
  { label: 'Request', value: 'request' as const },
];

export function Inspector({ data }: { data: PanelData }) {
  const styles = useStyles2(getStyles);
  const [view, setView] = useState<keyof typeof views>('executed');
  const [open, setOpen] = useState(false);
  return (
    <div data-testid="inspector">
      <CollapsableSection label="Inspector" isOpen={open} onToggle={setOpen}>
        <RadioButtonGroup size="sm" options={options} value={view} onChange={setView} />
        {open && (
          <pre className={styles.text} data-testid={`inspector-${view}`}>
            {views[view](data)}
          </pre>
        )}
      </CollapsableSection>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  text: css({ maxHeight: 400, overflow: 'auto', marginTop: theme.spacing(1), whiteSpace: 'pre-wrap' }),
});
