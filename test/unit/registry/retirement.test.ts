import { describe, expect, it } from 'vitest';
import type { VersionRecord } from '../../../src/domain/registry.ts';
import { instant } from '../../../src/domain/units.ts';
import { mayAsk, retirements } from '../../../src/registry/retirement.ts';
import { v22 } from '../../support/model-world.ts';

const now = instant(100_000);
const record = (over: Partial<VersionRecord>): VersionRecord => ({
  version: v22,
  status: 'archived',
  artifact: { uri: 's3://a/b', digest: 'aa' },
  metrics: {},
  registeredAt: instant(0),
  registeredBy: 'ana',
  statusAt: instant(50_000),
  statusReason: '',
  endpoint: { name: 'one', generation: 1 },
  ...over,
});
const due = { kind: 'due', version: v22, endpoint: 'one' };
const begun = { kind: 'begun', version: v22, endpoint: 'one' };
const tombstone = { at: instant(60_000), endpoint: 'one' };

describe('which endpoints may go', () => {
  const cases: readonly (readonly [string, Partial<VersionRecord>, readonly object[]])[] = [
    ['its time is over', { retireAfter: instant(100_000) }, [due]],
    ['its time is not over', { retireAfter: instant(100_001) }, [{ ...due, kind: 'kept', until: 100_001 }]],
    [
      'nothing was promised: the usual time since it changed',
      { status: 'rolled_back' },
      [{ ...due, kind: 'kept', until: 110_000 }],
    ],
    [
      'a promise from before its present status counts no more',
      { status: 'rolled_back', retireAfter: instant(40_000) },
      [{ ...due, kind: 'kept', until: 110_000 }],
    ],
    ['it was rolled back long ago', { status: 'rolled_back', statusAt: instant(1) }, [due]],
    ['it is no trial any more', { status: 'candidate', statusAt: instant(1) }, [due]],
    ['it serves', { status: 'champion', statusAt: instant(1), retireAfter: instant(1) }, []],
    ['it is on trial', { status: 'challenger', statusAt: instant(1) }, []],
    ['its deletion was begun', { tombstone }, [begun]],
    ['its deletion was seen to end', { tombstone, retiredAt: instant(60_001) }, []],
    ['an earlier deletion ended, this one did not', { tombstone, retiredAt: instant(59_999) }, [begun]],
    [
      'an earlier endpoint is still to go, its own is kept',
      { tombstone, endpoint: { name: 'one-g2', generation: 2 } },
      [begun, { kind: 'kept', version: v22, endpoint: 'one-g2', until: 110_000 }],
    ],
    [
      'it serves again under a new name, and the old one is still to go',
      { status: 'champion', tombstone, endpoint: { name: 'one-g2', generation: 2 } },
      [begun],
    ],
  ];
  it.each(cases)('%s', (_name, over, expected) => {
    expect(retirements([record(over)], { now, keepMs: 60_000 })).toEqual(expected);
  });

  it('a version that never had an endpoint has none to go', () => {
    const { endpoint: _none, ...bare } = record({ statusAt: instant(1) });
    expect(retirements([bare], { now, keepMs: 60_000 })).toEqual([]);
  });
});

describe('whether a Lambda version may ask an endpoint', () => {
  const cases: readonly (readonly [string, Record<string, string>, boolean])[] = [
    ['by its name', { SAGEMAKER_ENDPOINT: 'rec-prod-v1-aaaa' }, true],
    ['inside a route', { MLREG_ROUTE: '{"champion":{"endpoint":"rec-prod-v1-aaaa"}}' }, true],
    ['of another generation', { SAGEMAKER_ENDPOINT: 'rec-prod-v1-aaaa-g2' }, false],
    ['of another model', { SAGEMAKER_ENDPOINT: 'my-rec-prod-v1-aaaa' }, false],
    ['not at all', { MODEL_VERSION: 'v1' }, false],
  ];
  it.each(cases)('%s', (_name, variables, expected) => {
    expect(mayAsk(variables, 'rec-prod-v1-aaaa')).toBe(expected);
  });
});
