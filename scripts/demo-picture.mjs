// docs/demo.svg from a real run of the demo: `npm run docs:demo`. With a file's name, from what that file holds of one.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [file] = process.argv.slice(2);
const output = file === undefined ? await run() : readFileSync(file, 'utf8');
writeFileSync(`${root}docs/demo.svg`, picture(linesOf(output)));

/** Everything that the demo prints, as a reader sees it, in colour. */
async function run() {
  const child = spawn(process.execPath, [`${root}dist/demo.js`], {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += part.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code === 0) return text;
  process.stderr.write(`${text}\nthe demo ended with ${code}\n`);
  process.exit(1);
}

/** The acts that show most: a promotion, a rollback, and the summary. */
function linesOf(text) {
  const lines = text.replaceAll('\r', '').split('\n');
  const at = (pattern) => lines.findIndex((line) => pattern.test(bare(line)));
  const [promoted, back, slow] = [at(/^2\. /), at(/^3\. /), at(/^4\. /)];
  const summary = lines.findLastIndex((line) => /^\s*v\d.*promoted/.test(bare(line)));
  if ([promoted, back, slow, summary].some((index) => index < 0)) {
    process.stderr.write('the demo printed other acts than this script knows\n');
    process.exit(1);
  }
  let end = summary;
  while (lines[end - 1]?.trim() !== '' && end > slow) end--;
  let last = summary;
  while ((lines[last + 1] ?? '').trim() !== '') last++;
  return [...lines.slice(promoted, slow), ...lines.slice(end, last + 1)].map((line) => line.trimEnd());
}

function bare(line) {
  return line.replaceAll(/\u001b\[[\d;]*m/g, '');
}

function picture(lines) {
  const columns = Math.min(126, Math.max(...lines.map((line) => bare(line).length)));
  const shown = lines.flatMap((line) => cut(line, columns));
  const [width, height] = [Math.round(columns * 7.83) + 32, shown.length * 18 + 34];
  const says = 'npm run demo: a healthy version promoted, a failing one rolled back, and the summary';
  const rows = shown.map(
    (line, i) => `<text x="16" y="${34 + 18 * i}" xml:space="preserve">${spans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${says}"><rect width="${width}" height="${height}" rx="8" fill="#22272e"/><g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" fill="#adbac7">${rows.join('\n')}</g></svg>\n`;
}

/** A line of the terminal; what is longer goes on below it, without colour. */
function cut(line, columns) {
  const text = bare(line);
  if (text.length <= columns) return [line];
  const [indent] = /^ */.exec(text);
  const lines = [];
  let present = indent;
  for (const word of text.trim().split(' ')) {
    if (present.trim() !== '' && present.length + 1 + word.length > columns) {
      lines.push(present);
      present = '    ';
    }
    present += present.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, present];
}

function spans(line) {
  const colours = { 31: '#f47067', 32: '#57ab5a', 33: '#daaa3f', 36: '#39c5cf', 90: '#768390', 2: '#768390' };
  let fill = '';
  return line
    .split(/(\u001b\[[\d;]*m)/)
    .map((part) => {
      const code = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
      if (code === undefined)
        return part === '' ? '' : `<tspan${fill === '' ? '' : ` fill="${fill}"`}>${escaped(part)}</tspan>`;
      if (['0', '', '39', '22'].includes(code)) fill = '';
      else fill = colours[code] ?? fill;
      return '';
    })
    .join('');
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
