import xterm from '@xterm/headless';

/** What a terminal of this size shows after this was written to it: a line a row, without the blanks at their ends. */
export async function gridOf(text: string, columns: number, rows: number): Promise<string> {
  const terminal = openTerminal(columns, rows);
  await terminal.write(text);
  return terminal.grid();
}

export interface Grid {
  write(text: string): Promise<void>;
  resize(columns: number, rows: number): void;
  /** The screen. */
  grid(): string;
  /** The screen and all that scrolled off it. */
  all(): string;
}

export function openTerminal(columns: number, rows: number): Grid {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    convertEol: true,
    scrollback: 1_000,
  });
  const lines = (from: number, to: number): string =>
    Array.from(
      { length: to - from },
      (_, i) => terminal.buffer.active.getLine(from + i)?.translateToString(true) ?? '',
    )
      .join('\n')
      .trimEnd();
  return {
    write: (text) => new Promise((resolve) => terminal.write(text, resolve)),
    resize: (cols, height) => terminal.resize(cols, height),
    grid: () => lines(terminal.buffer.active.baseY, terminal.buffer.active.baseY + terminal.rows),
    all: () => lines(0, terminal.buffer.active.baseY + terminal.rows),
  };
}
