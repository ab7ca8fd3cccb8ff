import { eastAsianWidth } from 'get-east-asian-width';

/** Colours and other control sequences take no room. */
const ansi = /\u001b\[[\d;]*m/g;
const plain = /^[\u0020-\u007e]*$/;
/** Marks on the letter before, joiners, variation selectors. */
const noWidth = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a text takes in a terminal. Of joined emoji at least as many as are shown. */
export function widthOf(text: string): number {
  const bare = text.includes('\u001b') ? text.replaceAll(ansi, '') : text;
  if (plain.test(bare)) return bare.length;
  let width = 0;
  for (const sign of bare) width += signWidth(sign);
  return width;
}

function signWidth(sign: string): number {
  const point = sign.codePointAt(0) ?? 0;
  if (point >= 0x20 && point < 0x7f) return 1;
  return noWidth.test(sign) ? 0 : eastAsianWidth(point);
}

/** Filled up with spaces to so many columns; longer texts stay as they are. */
export const padTo = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - widthOf(text)));

export const padLeft = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - widthOf(text))) + text;

/** At most so many columns, the rest replaced by `…`. Colours are kept, and ended. */
export function cutTo(text: string, columns: number, sign = '…'): string {
  if (widthOf(text) <= columns) return text;
  const room = Math.max(0, columns - widthOf(sign));
  const [head] = headOf(text, room);
  const colours = head.includes('\u001b') ? '\u001b[0m' : '';
  return `${head}${columns < widthOf(sign) ? '' : sign}${colours}`;
}

/** What fits into so many columns, and the rest. */
function headOf(text: string, columns: number): readonly [string, string] {
  let width = 0;
  let at = 0;
  while (at < text.length) {
    const colour = text[at] === '\u001b' ? /^\u001b\[[\d;]*m/.exec(text.slice(at))?.[0] : undefined;
    if (colour !== undefined) {
      at += colour.length;
      continue;
    }
    const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
    width += signWidth(sign);
    if (width > columns) break;
    at += sign.length;
  }
  return [text.slice(0, at), text.slice(at)];
}

/** A label before a text: what goes on in the next line stands below the text. */
const label = /^(\s*(?:\S+ {2,})?)/;

/**
 * No line wider than so many columns: words go on in the next line, below the text that they belong to; a word that is
 * wider than a line is split.
 */
export function wrapTo(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const head = label.exec(line)?.[1] ?? '';
  const indent = widthOf(head) <= columns / 3 ? widthOf(head) : 2;
  const lines: string[] = [];
  let present = '';
  const flush = (): void => {
    lines.push(present.trimEnd());
    present = ' '.repeat(indent);
  };
  for (const word of line.match(/\s*\S+/g) ?? []) {
    const isFirst = present.trim() === '';
    let rest = isFirst && lines.length > 0 ? word.trimStart() : word;
    if (widthOf(present + rest) > columns && !isFirst) {
      flush();
      rest = rest.trimStart();
    }
    while (widthOf(present + rest) > columns) {
      const [fits, more] = headOf(rest, Math.max(1, columns - widthOf(present)));
      if (fits === '') break;
      present += fits;
      rest = more;
      flush();
    }
    present += rest;
  }
  if (present.trim() !== '') lines.push(present.trimEnd());
  return lines.join('\n');
}
