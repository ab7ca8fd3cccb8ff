import { expect, it } from 'vitest';
import { needText } from '../../../src/domain/need-text.ts';

it.each([
  [null, 100, ''],
  [4_000, 100, 'about 4000'],
  [100_000, 10, 'about 100000'],
  [
    525_021,
    600,
    ', and more requests of so few callers hardly prove it: other callers can, or a person decides',
  ],
  [525_021, 60_000, 'about 525021'],
])('of %s needed after %s it says: %s', (need, seen, text) => {
  expect(needText(need, seen, (count) => `about ${count}`)).toBe(text);
});
