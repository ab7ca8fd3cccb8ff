/** Markup that may stand in a page as it is. Only `html` makes it, and it escapes whatever is put in. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Markup | string | number | null | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + textOf(parts[i - 1] ?? null) + string));
}

function textOf(part: Part): string {
  if (part === null) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return String(part).replaceAll(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

/** On a telephone each row is a card, and each cell has its column's name. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  return html`<div class="wide"><table class="cards">
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td data-name="${head[i] ?? ''}">${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
