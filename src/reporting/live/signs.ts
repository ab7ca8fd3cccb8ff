/** What a terminal can draw. */
export interface Signs {
  readonly done: string;
  readonly now: string;
  readonly toCome: string;
  readonly failed: string;
  readonly full: string;
  readonly empty: string;
  readonly spark: string;
  readonly to: string;
  readonly none: string;
  readonly cut: string;
}
export const rich: Signs = {
  done: '✔',
  now: '●',
  toCome: '○',
  failed: '✖',
  full: '█',
  empty: '░',
  spark: '▁▂▃▄▅▆▇█',
  to: '▸',
  none: '–',
  cut: '…',
};
export const ascii: Signs = {
  done: '+',
  now: '*',
  toCome: '.',
  failed: 'x',
  full: '#',
  empty: '.',
  spark: '_.-=+*#@',
  to: '->',
  none: '-',
  cut: '~',
};

/** Signs that an ASCII terminal has no letters for. */
export const toAscii = (text: string): string =>
  text
    .replaceAll('·', '|')
    .replaceAll('→', '->')
    .replaceAll('’', "'")
    .replaceAll(/[^\u0000-\u007e]/g, '?');
