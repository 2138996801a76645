// The results of the query page, drawn.
import React from 'react';
import { css } from '@emotion/css';

import { type GrafanaTheme2, LoadingState, type PanelData } from '@grafana/data';
import { LoadingBar, PanelContainer, useStyles2, useTheme2 } from '@grafana/ui';

import type { PanelType } from '../state.ts';
import { Drawing } from './Drawing.tsx';

interface Props {
  type: PanelType;
  data: PanelData;
  width: number;
  onZoom: (from: number, to: number) => void;
}

export function Panel({ type, data, width, onZoom }: Props) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const inner = width - 2 * parseInt(theme.spacing(1), 10) - 2;
  return (
    <PanelContainer className={styles.panel} data-testid="panel" data-state={data.state}>
      <div className={styles.bar}>
        {data.state === LoadingState.Loading && <LoadingBar width={inner} ariaLabel="Loading" />}
      </div>
      <Drawing type={type} data={data} width={inner} onZoom={onZoom} />
    </PanelContainer>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  panel: css({ padding: theme.spacing(1), marginBottom: theme.spacing(1) }),
  bar: css({ height: 1 }),
});
