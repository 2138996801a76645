// Draws marks over a graph: a dashed line where something happened, an area
// while it lasted, and below the axis a corner with its title and text.
import React, { useLayoutEffect, useRef, useState } from 'react';
import { css } from '@emotion/css';

import { dateTimeFormat, type GrafanaTheme2, textUtil } from '@grafana/data';
import { Tooltip, type UPlotConfigBuilder, useStyles2, useTheme2 } from '@grafana/ui';

import { endOf, type Mark } from './marks.ts';

interface Props {
  config: UPlotConfigBuilder;
  marks: Mark[];
}

/** The used part of uPlot, in pixels of the page. */
interface Plot {
  ctx: CanvasRenderingContext2D;
  bbox: { left: number; top: number; width: number; height: number };
  valToPos(value: number, scale: string, canvasPixels?: boolean): number;
  redraw(rebuildPaths?: boolean): void;
}

const usualColor = 'blue';

/** Where a mark is below the axis, in pixels of the page. */
interface Corner {
  mark: Mark;
  left: number;
  top: number;
}

export function Marks({ config, marks }: Props) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const [corners, setCorners] = useState<Corner[]>([]);
  const plot = useRef<Plot>();
  const latest = useRef({ marks, theme });
  useLayoutEffect(() => {
    latest.current = { marks, theme };
    plot.current?.redraw(false);
  }, [marks, theme]);
  useLayoutEffect(() => {
    config.addHook('draw', (drawn) => {
      plot.current = drawn;
      const { marks, theme } = latest.current;
      draw(drawn, marks, theme);
      setCorners(cornersOf(drawn, marks));
    });
  }, [config]);

  return (
    <>
      {corners.map(({ mark, left, top }, i) => (
        <Tooltip key={`${mark.id ?? ''} ${i}`} content={<Explained mark={mark} />}>
          <div
            className={styles.corner}
            style={{ left, top, borderBottomColor: colorOf(mark, theme) }}
            data-testid="mark"
            data-title={mark.title}
            data-time={mark.time}
            data-end={endOf(mark)}
          />
        </Tooltip>
      ))}
    </>
  );
}

/** Returns the corners of the marks that the axis shows. */
function cornersOf({ bbox: { left, top, width, height }, valToPos }: Plot, marks: Mark[]): Corner[] {
  return marks.flatMap((mark) => {
    const from = valToPos(mark.time, 'x', true);
    const to = valToPos(endOf(mark), 'x', true);
    if (from > left + width || to < left) {
      return [];
    }
    return { mark, left: Math.max(from, left) / devicePixelRatio - corner, top: (top + height) / devicePixelRatio };
  });
}

/** Grafana shows title and text as HTML, without what could run. */
function Explained({ mark }: { mark: Mark }) {
  const time = [mark.time, endOf(mark)].map((at) => dateTimeFormat(at));
  const html = textUtil.sanitize([mark.title, mark.text].filter(Boolean).join('<br />'));
  return (
    <div>
      <div>{time[0] === time[1] ? time[0] : time.join(' – ')}</div>
      <div dangerouslySetInnerHTML={{ __html: html }} />
      <div>{mark.tags?.join(', ')}</div>
    </div>
  );
}

function colorOf({ color = usualColor }: Mark, theme: GrafanaTheme2): string {
  return theme.visualization.getColorByName(color);
}

function draw({ ctx, bbox, valToPos }: Plot, marks: Mark[], theme: GrafanaTheme2): void {
  const { left, top, width, height } = bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.lineWidth = 2;
  ctx.setLineDash([5, 5]);
  for (const mark of marks) {
    const from = valToPos(mark.time, 'x', true);
    const to = valToPos(endOf(mark), 'x', true);
    ctx.strokeStyle = ctx.fillStyle = colorOf(mark, theme);
    ctx.globalAlpha = 0.1;
    ctx.fillRect(from, top, to - from, height);
    ctx.globalAlpha = 1;
    for (const at of new Set([from, to])) {
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, top + height);
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** Half the width of a corner, in pixels. */
const corner = 5;

const getStyles = () => ({
  corner: css({
    position: 'absolute',
    borderLeft: `${corner}px solid transparent`,
    borderRight: `${corner}px solid transparent`,
    borderBottom: `${corner}px solid`,
  }),
});
