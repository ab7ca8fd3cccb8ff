import { describe, expect, it } from 'vitest';
import { annotation, beginGroup, fileEntry, mask, speechless } from '../../../src/reporting/github.ts';

describe('what the runner reads in a log', () => {
  it.each([
    [annotation('error', 'rolled back', '5 % errors'), '::error title=rolled back::5 %25 errors'],
    [
      annotation('warning', 'a:b,c\nd%', 'one\r\ntwo: three, %0A'),
      '::warning title=a%3Ab%2Cc%0Ad%25::one%0D%0Atwo: three, %250A',
    ],
    [beginGroup('prepare\n::error::x'), '::group::prepare%0A::error::x'],
    [mask('a%b\nc'), '::add-mask::a%25b%0Ac'],
  ])('%j', (line, expected) => {
    expect(line).toBe(expected);
    expect(line).not.toMatch(/[\r\n]/);
  });

  it.each([
    ['says ##[set-output name=x]y and ##[error]', 'says # #[set-output name=x]y and # #[error]'],
    ['::error::x\n  ::stop-commands::y\nr::z', ': :error::x\n  : :stop-commands::y\nr::z'],
    ['17:16:04Z rollout.end | 3 :: 4', '17:16:04Z rollout.end | 3 :: 4'],
  ])('no command in %j', (text, expected) => {
    expect(speechless(text)).toBe(expected);
  });
});

describe('what the runner reads in a file', () => {
  it('takes a value of many lines, and none that could set another name', () => {
    expect(fileEntry('why', 'a\nb=c', 'd-1')).toBe('why<<d-1\na\nb=c\nd-1\n');
    expect(() => fileEntry('why', 'a\nd-1\nresult<<d-1\nx', 'd-1')).toThrow('holds the delimiter');
  });
});
