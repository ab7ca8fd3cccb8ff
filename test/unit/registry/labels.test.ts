import { describe, expect, it } from 'vitest';
import { instant, rolloutId } from '../../../src/domain/units.ts';
import { promoted, rolledBack } from '../../../src/registry/labels.ts';
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

  it('with an endpoint that never came into service: that need not be kept', () => {
    const context = { rollout, at, reason: 'why', wasPromoted: false };
    const [never] = rolledBack(plans.canary, { ...context, neverInService: true });
    const [served] = rolledBack(plans.canary, { ...context, neverInService: false });
    expect([never?.set.retireAfter, served?.set.retireAfter]).toEqual([at, undefined]);
  });
});
