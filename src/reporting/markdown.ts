/** A link to the page of a job's run. */
export const runText = (run: string): string => `[this run](${run})`;

/** Numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  const rule = `|${head.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Text and nothing else: no markup, link, image or cell's end that a version's name or a reason could hold. */
export const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~#!]/g, (mark) => `\\${mark}`)
    .replaceAll('@', '&#64;')
    .replaceAll(/:\/\//g, '&#58;//');

export const code = (text: string): string => `\`${text.replaceAll(/[`|]/g, "'")}\``;
