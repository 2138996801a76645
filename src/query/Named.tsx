// A name for a control that has no visible one. Grafana's menus take it as
// aria-labelledby only.
import { css } from '@emotion/css';
import React from 'react';

interface Props {
  id: string;
  name: string;
}

export function Named({ id, name }: Props) {
  return (
    <span id={id} className={hidden}>
      {name}
    </span>
  );
}

// For screen readers only.
const hidden = css({
  position: 'absolute',
  width: 1,
  height: 1,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
});
