// What is wrong with a text of code, and where.

export interface Problem {
  /** The offset at which it begins. */
  from: number;
  to: number;
  message: string;
}

/** Returns the line and column of an offset, from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: lines[lines.length - 1].length + 1 };
}
