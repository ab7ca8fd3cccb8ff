import { Chalk, type ChalkInstance } from 'chalk';
import { printable } from '../domain/one-line.ts';
import { speechless } from './github.ts';

export type OutputMode = 'text' | 'json' | 'ndjson';

/** Two streams with two jobs: the answer goes to stdout, talk goes to stderr. */
export interface Streams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly columns: number;
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
  /** Whether GitHub's runner reads along. */
  readonly forGitHub: boolean;
  /** A workflow command for GitHub's runner; nothing elsewhere. */
  command(line: string): void;
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
  const streams: Streams = {
    ...raw,
    stdout: (text) => raw.stdout(harmless(text)),
    stderr: (text) => raw.stderr(harmless(text)),
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
        streams.stdout(line(text()));
      } else {
        const body = { apiVersion: 'mlreg/v1', ...data };
        streams.stdout(line(options.mode === 'json' ? JSON.stringify(body, null, 2) : JSON.stringify(body)));
      }
    },
    say(text) {
      if (!options.quiet) streams.stderr(line(text));
    },
    forGitHub,
    command(text) {
      if (forGitHub) raw.stderr(line(printable(text)));
    },
  };
}

/** Columns padded to the widest cell; two spaces between. No borders: it pipes well. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paint: ChalkInstance,
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const render = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [paint.dim(render(head)), ...rows.map(render)].join('\n');
}
