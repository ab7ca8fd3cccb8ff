import { describe, expect, it } from 'vitest';
import type { Service, VersionRecord } from '../../../src/domain/registry.ts';
import { instant, rolloutId, versionTag } from '../../../src/domain/units.ts';
import {
  began,
  ended,
  knownGood,
  previousGood,
  servicesOf,
  standingOf,
} from '../../../src/registry/known-good.ts';

const r1 = rolloutId('r-1');
const r2 = rolloutId('r-2');
const at = instant(5_000);
const record = (over: Partial<VersionRecord> = {}): VersionRecord => ({
  version: versionTag('v1'),
  status: 'archived',
  artifact: { uri: 'file:///a', digest: 'aa' },
  metrics: {},
  registeredAt: instant(0),
  registeredBy: 'ana',
  statusAt: at,
  statusReason: 'followed by v2',
  rollout: r1,
  endpoint: { name: 'e-v1', generation: 1 },
  ...over,
});
const service = (over: Partial<Service> = {}): Service => ({
  functionVersion: '5',
  endpoint: 'e-v1',
  since: instant(1_000),
  ...over,
});
const left = (why: NonNullable<Service['left']>['why'], rollout = r1) => ({
  at,
  why,
  reason: 'because',
  rollout,
});
const served = (over: Partial<Service>): Partial<VersionRecord> => ({
  functionVersion: '5',
  services: [service(over)],
});

describe('standing as the target of a rollback', () => {
  it.each([
    ['never served', {}, { kind: 'never-served' }],
    ['serves', { status: 'champion', ...served({}) }, { kind: 'serving' }],
    [
      'serves, though an mlreg from before this says no more',
      { status: 'champion', ...served({ left: left('replaced') }) },
      { kind: 'serving' },
    ],
    ['was replaced', served({ left: left('replaced') }), { kind: 'good', since: at }],
    [
      'was left by a verdict',
      { status: 'rolled_back', ...served({ left: left('verdict') }) },
      { kind: 'fled' },
    ],
    ['was aborted', { status: 'rolled_back', ...served({ left: left('abort') }) }, { kind: 'fled' }],
    [
      'was rolled back from',
      { status: 'rolled_back', ...served({ left: left('rollback') }) },
      { kind: 'fled' },
    ],
    [
      'was replaced, and a later trial of it ended for a reason of the account',
      { status: 'rolled_back', rollout: r2, ...served({ left: left('replaced', r2) }) },
      { kind: 'good' },
    ],
    [
      'was replaced, and an older mlreg has rolled a later trial of it back',
      { status: 'rolled_back', rollout: r2, statusReason: 'slow', ...served({ left: left('replaced') }) },
      { kind: 'fled', left: { why: 'verdict', reason: 'slow' } },
    ],
    [
      'is on trial again',
      { status: 'challenger', rollout: r2, ...served({ left: left('replaced') }) },
      { kind: 'good' },
    ],
  ] as const)('%s', (_what, over, expected) => {
    expect(standingOf(record(over))).toMatchObject(expected);
  });
});

describe('how it served', () => {
  it('is made of the Lambda version alone where nothing else was recorded', () => {
    expect(servicesOf(record({ functionVersion: '3' }))).toEqual([
      {
        functionVersion: '3',
        endpoint: 'e-v1',
        since: at,
        rollout: r1,
        left: { at, why: 'replaced', reason: 'followed by v2', rollout: r1 },
      },
    ]);
  });

  it('is what an older mlreg promoted since', () => {
    const newer = record({ status: 'champion', functionVersion: '9', services: [service()] });
    expect(servicesOf(newer).map(({ functionVersion }) => functionVersion)).toEqual(['5', '9']);
  });

  it.each([
    ['archived', 'e-v1-g2'],
    ['rolled_back', 'e-v1'],
  ] as const)(
    'names the endpoint that its Lambda version invokes: %s after a retirement',
    (status, endpoint) => {
      const again = record({
        status,
        functionVersion: '3',
        endpoint: { name: 'e-v1-g2', generation: 2 },
        tombstone: { at, endpoint: 'e-v1' },
      });
      expect(servicesOf(again)[0]?.endpoint).toBe(endpoint);
    },
  );

  it('keeps the newest five, and goes on where the same Lambda version serves on', () => {
    let all: readonly Service[] = [];
    for (const version of ['1', '2', '3', '4', '5', '6'])
      all = began(ended(all, left('replaced')), service({ functionVersion: version }));
    expect(all.map(({ functionVersion }) => functionVersion)).toEqual(['2', '3', '4', '5', '6']);
    expect(began(all, service({ functionVersion: '6', since: at }))).toBe(all);
    expect(began(ended(all, left('replaced')), service({ functionVersion: '6' }))).toHaveLength(5);
    expect(ended([], left('abort'))).toEqual([]);
  });
});

it('known good are the champion first, then the one left last', () => {
  const named = (version: string, over: Partial<VersionRecord>): VersionRecord =>
    record({ version: versionTag(version), ...over });
  const records = [
    named('v1', served({ left: { ...left('replaced'), at: instant(10) } })),
    named('v2', served({ left: { ...left('replaced'), at: instant(30) } })),
    named('v3', { status: 'rolled_back', ...served({ left: left('verdict') }) }),
    named('v4', { status: 'champion', ...served({}) }),
    named('v5', { status: 'candidate' }),
  ];
  const names = (all: readonly VersionRecord[]) => all.map(({ version }) => version);
  expect(names(knownGood(records))).toEqual(['v4', 'v2', 'v1']);
  expect(previousGood(records)?.version).toBe('v2');
  const retired = records.map((one) =>
    one.version === 'v2' ? { ...one, tombstone: { at, endpoint: 'e-v1' } } : one,
  );
  expect(previousGood(retired)?.version).toBe('v2');
  expect(previousGood(retired, { withEndpoint: true })?.version).toBe('v1');
});
