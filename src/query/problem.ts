// What is wrong with a text of code, and where.

export interface Problem {
  /** The offset at which it begins. */
  from: number;
  to: number;
  /** Where the backend says it is, if that is beyond what can be underlined: the end of the text. */
  at?: number;
  message: string;
}

/** What a check finds. */
export interface Checked {
  problems: Problem[];
  /** What the backend says of code that it takes. */
  warnings: string[];
}

/** Returns the line and column of an offset, in characters from 1, as the backend counts them. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: [...lines[lines.length - 1]].length + 1 };
}
