import { Chalk, type ChalkInstance } from 'chalk';
import { printable } from '../domain/one-line.ts';
import { withTyped } from '../domain/typed-command.ts';
import { padTo, widthOf, wrapTo } from './width.ts';
import { speechless } from './github.ts';

export type OutputMode = 'text' | 'json' | 'ndjson';

/** Two streams with two jobs: the answer goes to stdout, talk goes to stderr. */
export interface Streams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly columns: number;
  /** Lines; absent where nobody asked for them. */
  readonly rows?: number;
  /** How mlreg has to be typed here. @default mlreg */
  readonly typedAs?: string;
}

export interface Output {
  readonly mode: OutputMode;
  readonly quiet: boolean;
  readonly streams: Streams;
  /** For stdout. */
  readonly paint: ChalkInstance;
  /** For stderr. */
  readonly paintTalk: ChalkInstance;
  /** The command's answer: `text` for people, `data` for machines. */
  answer(data: Readonly<Record<string, unknown>>, text: () => string): void;
  /** Talk, left out when quiet. */
  say(text: string): void;
  /** Columns of the answer's text; Infinity where it is no terminal's. */
  readonly columns: number;
  /**
   * From now on whatever is written goes through the owner of the terminal, so that nothing writes over what it draws; null:
   * nobody owns it.
   */
  own(owner: TerminalOwner | null): void;
  /** Whether GitHub's runner reads along. */
  readonly forGitHub: boolean;
  /** A workflow command for GitHub's runner; nothing elsewhere. */
  command(line: string): void;
}

/** Draws at the bottom of the terminal. */
export interface TerminalOwner {
  /** Takes the drawing away, lets the text be written, and draws again. */
  around(write: () => void): void;
}

/** Colour is decided for each stream by itself: NO_COLOR and --no-color win, then FORCE_COLOR, then the terminal. */
export function createOutput(
  raw: Streams,
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly mode: OutputMode; readonly quiet: boolean; readonly color: boolean },
): Output {
  const forGitHub = env.GITHUB_ACTIONS === 'true';
  // In JSON `##[` can only stand inside a string, where it has another spelling.
  const harmless = (text: string): string => {
    if (!forGitHub) return printable(text);
    return options.mode === 'text'
      ? speechless(printable(text))
      : printable(text).replaceAll('##[', '##\\u005b');
  };
  let owner: TerminalOwner | null = null;
  const written = (isTerminal: boolean, write: (text: string) => void, text: string): void => {
    if (owner === null || !isTerminal) return write(text);
    owner.around(() => write(text));
  };
  const streams: Streams = {
    ...raw,
    stdout: (text) => written(raw.stdoutIsTerminal, raw.stdout, harmless(text)),
    stderr: (text) => written(raw.stderrIsTerminal, raw.stderr, harmless(text)),
  };
  const columnsOf = (isTerminal: boolean): number => (isTerminal && raw.columns > 0 ? raw.columns : Infinity);
  const fitted = (words: string, isTerminal: boolean): string => {
    const text = withTyped(words, raw.typedAs ?? 'mlreg');
    const columns = columnsOf(isTerminal);
    return Number.isFinite(columns) ? wrapTo(text, columns) : text;
  };
  const level = (isTerminal: boolean): 0 | 1 => {
    if (!options.color || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb') return 0;
    if ((env.FORCE_COLOR ?? '') !== '' && env.FORCE_COLOR !== '0') return 1;
    return isTerminal ? 1 : 0;
  };
  const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
  return {
    mode: options.mode,
    quiet: options.quiet,
    streams,
    paint: new Chalk({ level: level(streams.stdoutIsTerminal) }),
    paintTalk: new Chalk({ level: level(streams.stderrIsTerminal) }),
    answer(data, text) {
      if (options.mode === 'text') {
        streams.stdout(line(fitted(text(), streams.stdoutIsTerminal)));
      } else {
        const body = { apiVersion: 'mlreg/v1', ...data };
        streams.stdout(line(options.mode === 'json' ? JSON.stringify(body, null, 2) : JSON.stringify(body)));
      }
    },
    say(text) {
      if (!options.quiet) streams.stderr(line(fitted(text, streams.stderrIsTerminal)));
    },
    get columns() {
      return columnsOf(streams.stdoutIsTerminal);
    },
    own(next) {
      owner = next;
    },
    forGitHub,
    command(text) {
      if (forGitHub) raw.stderr(line(printable(text)));
    },
  };
}

/**
 * Columns padded to the widest cell; two spaces between. No borders: it pipes well. Cells are a line each, whatever a stranger
 * wrote into them. Where it is wider than the terminal each row becomes some lines of `HEAD value`.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: ChalkInstance,
  columns = Infinity,
): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ')));
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  // The last column may be wrapped, if there is room for a few words.
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  if (before + Math.min(widths.at(-1) ?? 0, 24) > columns) return cards(head, cells, paint);
  const render = (row: readonly string[]): string => {
    const text = row
      .map((cell, column) => (column === row.length - 1 ? cell : padTo(cell, widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
    return widthOf(text) > columns ? hanging(text, row.at(-1) ?? '', before, columns) : text;
  };
  return [paint.dim(render(head)), ...cells.map(render)].join('\n');
}

/** The last cell goes on below itself. */
function hanging(text: string, last: string, before: number, columns: number): string {
  const lines = wrapTo(last, columns - before).split('\n');
  const head = text.slice(0, text.length - last.trimEnd().length);
  return lines
    .map((line, index) => (index === 0 ? head + line : ' '.repeat(before) + line.trim()))
    .join('\n');
}

function cards(head: readonly string[], rows: readonly (readonly string[])[], paint: ChalkInstance): string {
  const width = Math.max(...head.map(widthOf));
  const card = (row: readonly string[]): string =>
    row
      .map((cell, column) => `${paint.dim(padTo(head[column] ?? '', width))}  ${cell}`)
      .filter((_, column) => (row[column] ?? '') !== '')
      .join('\n');
  return rows.map(card).join('\n\n');
}
