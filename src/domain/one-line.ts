/** What moves a cursor, hides text, or ends a line: C0 and C1 controls, line separators, bidirectional overrides. */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A stranger's text as it may go into a terminal or a log: one line, every control character a question mark. */
export function oneLine(text: string, mostCharacters = 500): string {
  const line = text.replaceAll(unprintable, '?');
  return line.length > mostCharacters ? `${line.slice(0, mostCharacters - 3)}...` : line;
}

/**
 * A person's own words (a reason, a name): never refused, for they come with an abort as well. Whitespace, line ends
 * among it, becomes single spaces.
 */
export function peoplesWords(text: string, mostCharacters = 500): string {
  return oneLine(text.replaceAll(/\s+/g, ' ').trim(), mostCharacters);
}

/**
 * What may be printed: lines, tabs and colours, and no other control character, so that nothing that a stranger wrote
 * (a reason, a model's error, AWS's message) moves the cursor, sets the window's title or hides text.
 */
export function printable(text: string): string {
  return text.replaceAll(harmful, '?');
}

/** Every control character that `\n`, `\t` and the colours `ESC [ digits m` leave over. */
const harmful =
  /(?!\u001b\[[\d;]*m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
