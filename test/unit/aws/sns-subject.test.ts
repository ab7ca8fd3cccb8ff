import { expect, test } from 'vitest';
import { subjectLine } from '../../../src/aws/sns-notifier.ts';

test.each([
  ['mlreg prod: v2 promoted', 'mlreg prod: v2 promoted'],
  ['  two\nlines\tand tabs ', 'two lines and tabs'],
  ['Zürich – v2 “ready” → 10 %', 'Zurich - v2 ?ready? ? 10 %'],
  ['', 'mlreg'],
  [' \n ', 'mlreg'],
  ['x'.repeat(99), 'x'.repeat(99)],
  ['x'.repeat(100), `${'x'.repeat(96)}...`],
  // An accent is dropped, anything else that is no ASCII is one or two question marks.
  ['Modèle 推薦 🚀: ' + 'é'.repeat(99), `Modele ?? ??: ${'e'.repeat(82)}...`],
])('%j is sent as %j', (text, subject) => {
  expect(subjectLine(text)).toBe(subject);
  // SNS: printable ASCII, fewer than 100.
  expect(subjectLine(text)).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
});
