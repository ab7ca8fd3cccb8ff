import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { mustBeUtf8 } from '../domain/utf8.ts';
import { UserError } from '../domain/user-error.ts';

/** Longer than any line that mlreg writes: a plan's policy with the champion's history is some 100 KB. */
const longestLine = 4 * 1024 * 1024;

/** The lines of a file, or of stdin for `-`, one at a time: a file of any length needs no more memory than a short one. */
export function linesOfFile(cwd: string, file: string): AsyncIterable<string> {
  const stream = file === '-' ? process.stdin : createReadStream(resolve(cwd, file));
  stream.setEncoding('utf8');
  return linesOf(readable(stream, file), file === '-' ? 'stdin' : file);
}

/**
 * Lines without their ends. What follows the last end is a line too, unless it is empty.
 * @throws UserError `usage` where it is UTF-16, or a line is longer than 4 MB: that is no text of lines
 */
export async function* linesOf(chunks: AsyncIterable<string>, name: string): AsyncGenerator<string> {
  let rest = '';
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) mustBeUtf8(chunk, name);
    const parts = (rest + (isFirst ? chunk.replace(/^\uFEFF/, '') : chunk)).split('\n');
    isFirst = false;
    rest = parts.pop() ?? '';
    if (rest.length > longestLine) {
      throw new UserError('usage', `${name} has a line of more than ${longestLine} characters`, {
        mend: 'write one JSON object a line',
      });
    }
    for (const line of parts) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

async function* readable(stream: AsyncIterable<unknown>, file: string): AsyncGenerator<string> {
  try {
    for await (const chunk of stream) yield String(chunk);
  } catch (cause) {
    const code = (cause as { code?: unknown } | null)?.code;
    if (code === 'ENOENT') {
      throw new UserError('usage', `there is no file ${file}`, {
        cause,
        mend: 'mlreg show ROLLOUT --observations > rollout.ndjson',
      });
    }
    const why = typeof code === 'string' ? ` (${code})` : '';
    throw new UserError('usage', `${file} can't be read${why}`, { cause });
  }
}
