import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import {
  generationMeant,
  generationsOf,
  nextGeneration,
  returnable,
} from '../../../src/registry/generations.ts';

const record = (version: string, over: Partial<VersionRecord> = {}): VersionRecord => ({
  version: versionTag(version),
  status: 'candidate',
  artifact: { uri: 's3://models/v2', digest: 'aa' },
  metrics: { auc: 0.7 },
  registeredAt: instant(1),
  registeredBy: 'ana',
  statusAt: instant(1),
  statusReason: 'registered',
  ...over,
});
const by = { at: instant(9), by: 'ben', why: 'its memory was raised' };
const served = (at: number, why: 'replaced' | 'rollback', endpoint: string): Partial<VersionRecord> => ({
  status: why === 'replaced' ? 'archived' : 'rolled_back',
  functionVersion: '3',
  endpoint: { name: endpoint, generation: 1 },
  rollout: undefined as never,
  services: [
    {
      functionVersion: '3',
      endpoint,
      since: instant(1),
      left: { at: instant(at), why, reason: '' },
    },
  ],
});

describe('the generations of a version', () => {
  it('are found newest first, and those of other versions are none of them', () => {
    const all = ['v2', 'v2#2', 'v20', 'v2#10', 'v2.1#3'].map((version) => record(version));
    expect(generationsOf(all, versionTag('v2')).map(({ version }) => version)).toEqual([
      'v2#10',
      'v2#2',
      'v2',
    ]);
  });

  it.each([
    ['one registered', [record('v2')], 'v2#2'],
    ['two', [record('v2#2'), record('v2')], 'v2#3'],
    ['a gap', [record('v2#7'), record('v2')], 'v2#8'],
    [
      'an endpoint of a later generation, as a record from before arms has it',
      [record('v2', { endpoint: { name: 'e-g4', generation: 4 } })],
      'v2#5',
    ],
  ])('go on after %s', (_what, of, expected) => {
    expect(nextGeneration(of, by)).toEqual({
      ...record(expected),
      registeredAt: instant(9),
      registeredBy: 'ben',
      statusAt: instant(9),
      statusReason: 'its memory was raised',
    });
  });
});

describe('the generation to which a rollback goes', () => {
  const old = record('v2', served(5, 'replaced', 'a'));
  const late = record('v2#2', served(7, 'replaced', 'b'));
  const fled = record('v2#3', served(8, 'rollback', 'c'));
  const retired = (one: VersionRecord): VersionRecord => ({
    ...one,
    tombstone: { at: instant(9), endpoint: one.endpoint?.name ?? '' },
  });
  it.each<[string, readonly VersionRecord[], string | undefined]>([
    ['the one known good that served last', [fled, late, old], 'v2#2'],
    ['an older one that served later', [record('v2#2', served(3, 'replaced', 'b')), old], 'v2'],
    ['the one that users were taken from, where no other served', [fled, record('v2')], 'v2#3'],
    ['none that was retired, where another is there', [fled, retired(late)], 'v2#3'],
    ['a retired one, where no other served', [retired(late), record('v2')], 'v2#2'],
    ['none, where none served', [record('v2')], undefined],
  ])('is %s', (_what, of, expected) => {
    expect(returnable(of)?.version).toBe(expected);
  });

  it.each([
    ['v2', 'v2'],
    ['v2#2', 'v2#2'],
    ['v2#4', undefined],
    ['v3', undefined],
  ])('is, where a person types %s, %s', (asked, expected) => {
    const all = [fled, record('v2#2', served(3, 'replaced', 'b')), old];
    expect(generationMeant(all, versionTag(asked))?.version).toBe(expected);
  });
});
