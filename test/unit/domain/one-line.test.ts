import { describe, expect, it } from 'vitest';
import { oneLine, peoplesWords, printable } from '../../../src/domain/one-line.ts';

const title = '\u001b]0;owned\u0007';

describe("strangers' text", () => {
  it.each([
    ['plain', 'plain'],
    ['two\nlines\r\n', 'two?lines??'],
    [`${title}x`, '?]0;owned?x'],
    ['\u009b2J', '?2J'],
    ['a\u202egpj.exe', 'a?gpj.exe'],
    ['one\u2028two', 'one?two'],
    ['ü, 漢字 and 🙂', 'ü, 漢字 and 🙂'],
  ])('%j is one line: %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it('is cut where it is long', () => {
    expect(oneLine('x'.repeat(600), 10)).toBe('xxxxxxx...');
  });
});

describe('words of people', () => {
  it.each([
    ['  looks odd\n\n::error::no ', 'looks odd ::error::no'],
    ['tab\there', 'tab here'],
    [`${title}`, '?]0;owned?'],
    ['', ''],
  ])('%j become %j', (text, words) => {
    expect(peoplesWords(text)).toBe(words);
  });
});

describe('what is printed', () => {
  it.each([
    ['lines\n\tand tabs', 'lines\n\tand tabs'],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m'],
    ['\u001b[2J\u001b[Hgone', '?[2J?[Hgone'],
    ['\u001b[8', '?[8'],
    [title, '?]0;owned?'],
    ['back\rover\b', 'back?over?'],
    ['\u0090q\u009c', '?q?'],
  ])('%j as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
