// The part of a long list that is seen: rows of one height, so that a thousand of them
// cost as much as a screen.
import { useCallback, useState, type UIEvent } from 'react';

interface Window {
  /** The first row that is drawn, and the one after the last. */
  first: number;
  end: number;
  /** For the element that scrolls. */
  onScroll: (event: UIEvent<HTMLElement>) => void;
}

/** Rows beyond the edges that are drawn, so that scrolling shows no gaps. */
const MORE = 6;

export function useWindow(count: number, rowHeight: number, height: number): Window {
  const [top, setTop] = useState(0);
  const onScroll = useCallback((event: UIEvent<HTMLElement>) => setTop(event.currentTarget.scrollTop), []);
  const shown = Math.ceil(height / rowHeight);
  // A list that became shorter may have ended above where it was scrolled to.
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight), count - shown) - MORE);
  return { first, end: Math.min(count, first + shown + 2 * MORE), onScroll };
}

/** Returns where an element is to be scrolled to, so that a row is seen. */
export function scrollFor(row: number, rowHeight: number, { scrollTop, clientHeight }: HTMLElement): number {
  const above = row * rowHeight;
  const below = above + rowHeight - clientHeight;
  return Math.max(Math.min(scrollTop, above), below);
}
