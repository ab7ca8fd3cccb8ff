import { describe, expect, it } from 'vitest';
import { armOf, armTag, parseArmTag } from '../../../src/domain/arm.ts';
import { versionTag } from '../../../src/domain/units.ts';

describe('the tag of an arm', () => {
  it.each([
    ['v2.3.0', 'v2.3.0', 1],
    ['v2.3.0#2', 'v2.3.0', 2],
    ['v2.3.0-rc+1#40', 'v2.3.0-rc+1', 40],
  ])('%s is read as written, and written as read', (tag, version, generation) => {
    const arm = { version: versionTag(version), generation };
    expect(armOf(versionTag(tag))).toEqual(arm);
    expect(armTag(arm)).toBe(tag);
    expect(parseArmTag(tag, '--to')).toBe(tag);
  });

  it('of the first generation is the version itself, however it is typed', () => {
    expect(parseArmTag('v2.3.0#1', '--to')).toBe('v2.3.0');
  });

  it.each(['v2.3.0#', 'v2.3.0#0', 'v2.3.0#x', 'v2.3.0#2#3', '#2', 'v2.3.0 #2', 'v2.3.0#1234567'])(
    '%s is refused',
    (text) => {
      expect(() => parseArmTag(text, '--to')).toThrow('is not a version');
    },
  );
});
