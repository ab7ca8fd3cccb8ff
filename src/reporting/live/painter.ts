import { widthOf } from '../width.ts';

/** What is written to a terminal: begin and end of one picture, so that it shows no half of it. Source: contour-terminal.org. */
const begin = '\u001b[?2026h';
const end = '\u001b[?2026l';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

export interface Painter {
  /** Draws these lines where the ones before stood; lines that did not change are not written. */
  paint(lines: readonly string[], columns: number): void;
  /** Takes the lines away, lets something be written in their place, and forgets them. */
  around(write: () => void): void;
  /** Takes them away. */
  clear(): void;
}

/** At the bottom of a terminal, without the alternate screen: what was written before stays in the scrollback. */
export function createPainter(write: (text: string) => void): Painter {
  let drawn: readonly string[] = [];
  let drawnColumns = 0;

  /** @param columns that the terminal has now */
  function clear(columns = drawnColumns): void {
    if (drawn.length === 0) return;
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    write(`${begin}${up(rows)}\r${clearBelow}${end}`);
    drawn = [];
  }

  return {
    paint(lines, columns) {
      // A terminal that became narrower has wrapped the lines anew.
      if (columns !== drawnColumns) clear(columns);
      drawnColumns = columns;
      if (lines.length === drawn.length && lines.every((line, i) => line === drawn[i])) return;
      let text = `${begin}${up(drawn.length)}\r`;
      lines.forEach((line, i) => {
        // Cleared first: behind a line that is full to the edge its last sign would go.
        text += line === drawn[i] ? '\n' : `${clearLine}${line}\n`;
      });
      if (lines.length < drawn.length) text += clearBelow;
      drawn = lines;
      write(text + end);
    },
    around(act) {
      clear();
      act();
    },
    clear: () => clear(),
  };
}

const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`);
