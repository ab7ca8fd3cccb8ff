import { expect, test } from 'vitest';
import { subjectLine } from '../../../src/aws/sns-notifier.ts';

test.each([
  ['mlreg prod: v2 promoted', 'mlreg prod: v2 promoted'],
  ['  two\nlines\tand tabs ', 'two lines and tabs'],
  ['Zürich – v2 “ready” → 10 %', 'Zurich - v2 ?ready? ? 10 %'],
  ['', 'mlreg'],
  [' \n ', 'mlreg'],
  ['x'.repeat(100), 'x'.repeat(100)],
  ['x'.repeat(101), `${'x'.repeat(97)}...`],
])('%j is sent as %j', (text, subject) => {
  expect(subjectLine(text)).toBe(subject);
  // SNS: printable ASCII, at most 100.
  expect(subjectLine(text)).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,99}$/);
});
