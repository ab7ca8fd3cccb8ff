import { UserError } from './user-error.ts';

/** UTF-16 read as UTF-8: its byte order mark is no UTF-8, or every other byte is 0. */
const utf16 = /^(?:\uFFFD\uFFFD|.\u0000|\u0000.)/s;

/**
 * The text, where it was UTF-8.
 * @param name of the file, for people
 * @throws UserError `usage` for UTF-16, which PowerShell 5 writes where `>` is typed
 */
export function mustBeUtf8(text: string, name: string): string {
  if (!utf16.test(text)) return text;
  throw new UserError('usage', `${name} is written in UTF-16, and mlreg reads UTF-8`, {
    why: "PowerShell 5 writes UTF-16 where output is sent to a file by '>'",
    mend: `write it anew in UTF-8: ... | Out-File -Encoding utf8 ${name}`,
  });
}
