// The errors of a response, and the notices of its frames.
import React from 'react';
import { type PanelData, type QueryResultMetaNotice } from '@grafana/data';
import { Alert } from '@grafana/ui';

/** The notices of all frames, each once. */
export function noticesOf(data: PanelData): QueryResultMetaNotice[] {
  const all = data.series.flatMap((frame) => frame.meta?.notices ?? []);
  return [...new Map(all.map((notice) => [`${notice.severity} ${notice.text}`, notice])).values()];
}

export function Messages({ data }: { data: PanelData }) {
  const notices = noticesOf(data);
  return (
    <>
      {(data.errors ?? []).length > 0 && (
        <div data-testid="error">
          {data.errors!.map((error, i) => (
            <Alert
              key={i}
              severity="error"
              title={error.refId ? `Query ${error.refId}` : 'Query error'}
              bottomSpacing={1}
            >
              {error.message ?? error.data?.message ?? error.statusText ?? 'No cause was given.'}
            </Alert>
          ))}
        </div>
      )}
      {notices.length > 0 && (
        <div data-testid="notices">
          {notices.map((notice) => (
            <Alert
              key={notice.text}
              severity={notice.severity === 'info' ? 'info' : notice.severity}
              title={notice.text}
              bottomSpacing={1}
            />
          ))}
        </div>
      )}
    </>
  );
}
