import { describe, expect, it } from 'vitest';
import { staleVersions } from '../../../src/registry/stale-versions.ts';

const published = (...marks: readonly string[]) =>
  marks.map((mark) => ({ functionVersion: mark.replace('*', ''), isOurs: !mark.endsWith('*') }));

describe('Lambda versions that may be deleted', () => {
  it.each<[string, readonly string[], readonly string[], number, readonly string[]]>([
    ['the oldest beyond those that are kept', ['1', '2', '3', '4', '5'], [], 2, ['1', '2', '3']],
    ['none where fewer are there than are kept', ['1', '2'], [], 10, []],
    ['none that something refers to', ['1', '2', '3', '4'], ['1', '3'], 1, ['2']],
    ['none of others, which count for nothing', ['1*', '2', '3*', '4', '5'], [], 2, ['2']],
    ['never the newest, for AWS answers a repeated publication with it', ['1', '2'], [], 0, ['1']],
    ['none where there are none', [], [], 1, []],
  ])('are %s', (_what, all, referenced, keep, expected) => {
    expect(staleVersions(published(...all), new Set(referenced), keep)).toEqual(expected);
  });
});
