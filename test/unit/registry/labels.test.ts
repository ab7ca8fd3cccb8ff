import { describe, expect, it } from 'vitest';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { kept, promoted, rolledBack } from '../../../src/registry/labels.ts';
import { blueGreen } from '../../../src/strategies/blue-green.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { rollback } from '../../../src/strategies/rollback.ts';
import { watch } from '../../../src/strategies/watch.ts';
import { blueGreenSettings, canarySettings, v22, v23 } from '../../support/model-world.ts';

const at = instant(1_000);
const rollout = rolloutId('r-1');
const plans = {
  canary: canary(canarySettings()),
  first: canary(canarySettings({ champion: null })),
  green: blueGreen(blueGreenSettings()),
  back: rollback(canarySettings({ champion: v23, challenger: v22 })),
  backToItself: rollback(canarySettings({ champion: null, challenger: v22 })),
  watch: watch({ ...canarySettings(), durationMs: null }),
  watchAlone: watch({ ...canarySettings({ champion: null }), durationMs: null }),
};

describe('seen to serve everybody', () => {
  const said = (plan: keyof typeof plans) =>
    promoted(plans[plan], { rollout, at, functionVersion: '9', keepPreviousMs: 500 });

  it('the challenger is champion; the champion is kept for a while', () => {
    expect(said('canary')).toEqual([
      {
        version: v23,
        set: {
          status: 'champion',
          statusAt: at,
          statusReason: 'promoted by canary',
          rollout,
          functionVersion: '9',
        },
      },
      {
        version: v22,
        set: {
          status: 'archived',
          statusAt: at,
          statusReason: 'followed by v2.3.0',
          rollout,
          retireAfter: 1_500,
        },
      },
    ]);
  });

  it.each([
    ['first', [['v2.3.0', 'champion', 'promoted by all-at-once']]],
    [
      'green',
      [
        ['v2.3.0', 'champion', 'promoted by blue-green'],
        ['v2.2.0', 'archived', 'followed by v2.3.0'],
      ],
    ],
    [
      'back',
      [
        ['v2.2.0', 'champion', 'rolled back to'],
        ['v2.3.0', 'rolled_back', 'rolled back to v2.2.0'],
      ],
    ],
    ['backToItself', [['v2.2.0', 'champion', 'rolled back to']]],
  ] as const)('%s', (plan, expected) => {
    expect(said(plan).map(({ version, set }) => [version, set.status, set.statusReason])).toEqual(expected);
  });
});

const left = (why: 'replaced') => ({ at: instant(3), why, reason: 'followed', rollout: rolloutId('r-0') });

describe('what the registry keeps of a promotion', () => {
  const service = { functionVersion: '9', endpoint: 'e', since: at };
  const services = { [v22]: [{ functionVersion: '7', endpoint: 'e', since: instant(1) }], [v23]: [] };

  it.each([
    ['canary', v22, { at, why: 'replaced', reason: 'followed by v2.3.0', rollout }],
    ['back', v23, { at, why: 'rollback', reason: 'rolled back to v2.2.0', rollout }],
  ] as const)('%s: the new service, and how the champion was left', (plan, champion, expected) => {
    const known = { [plans[plan].challenger]: [], [champion]: services[v22] ?? [] };
    const context = { rollout, at, functionVersion: '9', keepPreviousMs: 500, service, services: known };
    const [challenger, before] = promoted(plans[plan], context);
    expect(challenger?.set.services).toEqual([service]);
    expect(before?.set.services).toEqual([{ ...services[v22]?.[0], left: expected }]);
  });
});

describe('seen back with the champion', () => {
  it.each([
    ['canary', false, [['v2.3.0', 'rolled_back']]],
    [
      'canary',
      true,
      [
        ['v2.3.0', 'rolled_back'],
        ['v2.2.0', 'champion'],
      ],
    ],
    ['first', false, [['v2.3.0', 'rolled_back']]],
    ['first', true, [['v2.3.0', 'rolled_back']]],
    [
      'watch',
      false,
      [
        ['v2.3.0', 'rolled_back'],
        ['v2.2.0', 'champion'],
      ],
    ],
    ['watchAlone', false, [['v2.3.0', 'rolled_back']]],
    ['back', false, []],
    [
      'back',
      true,
      [
        ['v2.2.0', 'archived'],
        ['v2.3.0', 'champion'],
      ],
    ],
    ['backToItself', false, []],
  ] as const)('%s, in the registry already: %s', (plan, wasPromoted, expected) => {
    const changes = rolledBack(plans[plan], {
      rollout,
      at,
      reason: 'why',
      wasPromoted,
      neverInService: false,
    });
    expect(changes.map(({ version, set }) => [version, set.status])).toEqual(expected);
    for (const { set } of changes) expect(set).toMatchObject({ statusAt: at, statusReason: 'why', rollout });
  });

  const services = {
    [v22]: [{ functionVersion: '7', endpoint: 'e', since: instant(1), left: left('replaced') }],
    [v23]: [{ functionVersion: '8', endpoint: 'e', since: instant(2) }],
  };
  const again = { functionVersion: '7', endpoint: 'e', since: at };
  const context = { rollout, at, reason: 'why', neverInService: false, service: again, services };

  it.each([
    ['verdict', 'verdict'],
    ['abort', 'abort'],
    ['interrupt', 'abort'],
  ] as const)('by %s: how it was left, and who serves again', (cause, why) => {
    const [challenger, champion] = rolledBack(plans.watch, { ...context, wasPromoted: false, cause });
    expect(challenger?.set.services).toEqual([
      { ...services[v23]?.[0], left: { at, why, reason: 'why', rollout } },
    ]);
    expect(champion?.set.services).toEqual([...(services[v22] ?? []), again]);
  });

  it.each([
    ['verdict', { at, why: 'verdict', reason: 'why', rollout }],
    ['abort', { at, why: 'abort', reason: 'why', rollout }],
    ['step-failed', { ...left('replaced'), rollout }],
    ['credentials', { ...left('replaced'), rollout }],
    ['held-too-long', { ...left('replaced'), rollout }],
  ] as const)('a trial of what served before, ended by %s', (cause, expected) => {
    const plan = canary(canarySettings({ champion: v23, challenger: v22 }));
    const [challenger] = rolledBack(plan, { ...context, wasPromoted: false, cause });
    expect(challenger?.set.services?.at(-1)?.left).toEqual(expected);
  });

  it('what was promoted in this rollout, and served before: the new service ends, the old one stays as it was', () => {
    const plan = canary(canarySettings({ champion: v23, challenger: v22 }));
    const own = { functionVersion: '9', endpoint: 'e', since: instant(900) };
    const [challenger, champion] = rolledBack(plan, {
      ...context,
      service: { functionVersion: '8', endpoint: 'e', since: at },
      wasPromoted: true,
      cause: 'abort',
      promoted: own,
    });
    expect(challenger?.set.services).toEqual([
      ...(services[v22] ?? []),
      { ...own, left: { at, why: 'abort', reason: 'why', rollout } },
    ]);
    // It never ceased to be known good.
    expect(champion?.set.services).toEqual(services[v23]);
  });

  it('with an endpoint that never came into service: that need not be kept', () => {
    const context = { rollout, at, reason: 'why', wasPromoted: false };
    const [never] = rolledBack(plans.canary, { ...context, neverInService: true });
    const [served] = rolledBack(plans.canary, { ...context, neverInService: false });
    expect([never?.set.retireAfter, served?.set.retireAfter]).toEqual([at, undefined]);
  });

  it.each([
    [
      'the champion, by another Lambda version of its own',
      v23,
      [{ version: v23, set: { functionVersion: '5', rollout } }],
    ],
    [
      'another version than the champion',
      v22,
      [
        { version: v22, set: { status: 'champion', functionVersion: '5' } },
        { version: v23, set: { status: 'rolled_back' } },
      ],
    ],
    ['no version of the registry', null, []],
  ])('a rollback by the alias alone to %s', (_name, version, expected) => {
    const keeps = { functionVersion: '5', version, champion: v23 };
    const given = { rollout, at, reason: 'why', keeps, wasPromoted: true, neverInService: false };
    expect(kept(plans.canary, given)).toMatchObject(expected);
  });
});
