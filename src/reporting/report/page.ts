import { html, type Markup } from './html.ts';
import { style } from './style.ts';

/** A page that loads nothing from anywhere and runs nothing: what it may do is written into it. */
export function page(
  title: string,
  body: Markup,
  head: Markup | null = null,
  script: Markup | null = null,
): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
${head ?? html`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`}
<title>${title}</title>
<style>${trustedStyle}</style>
</head>
<body>
<main id="main">
${body}
</main>
${script}</body>
</html>
`.text;
}

const trustedStyle = html([style] as unknown as TemplateStringsArray);
