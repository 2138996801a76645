// The rows of an editor. Those of @grafana/plugin-ui wrap into columns where they are too high, and are all as wide as the
// longest value wants to be then.
import { css } from '@emotion/css';
import { EditorRows } from '@grafana/plugin-ui';
import React, { type ReactNode } from 'react';

export function Rows({ children }: { children: ReactNode }) {
  return (
    <div className={withinPage}>
      <EditorRows>{children}</EditorRows>
    </div>
  );
}

const withinPage = css({ '& > div': { flexWrap: 'nowrap' }, '& > div > *': { minWidth: 0 } });
