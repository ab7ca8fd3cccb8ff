import { describe, expect, it } from 'vitest';
import type { Stamp } from '../../../src/domain/journal.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import type { AliasView } from '../../../src/ports/platform.ts';
import { wentBackBefore } from '../../../src/rollout/roll-back-blind.ts';
import { id, on } from './story.ts';

/** Home is '7'. */
const mine = (strategy: Plan['strategy'], undo: Plan['undo'] = null) => ({
  id,
  plan: { strategy, undo } as Plan,
  home: on('7'),
});
const seen = (stamp: Partial<Stamp> | undefined, serves: string = stamp?.back ?? '7'): AliasView => ({
  revisionId: 'rev-1',
  description: '',
  target: on(serves),
  stamp: stamp && { environment: 'local', token: 3, seq: 0, rollout: rolloutId('r-0'), back: '5', ...stamp },
});
const back = { kind: 'single', version: 'v2.1.0' } as Plan['undo'];

describe('users brought back by the alias alone before this rollout ever wrote it', () => {
  it.each<[string, AliasView, ReturnType<typeof mine>, ReturnType<typeof wentBackBefore>]>([
    ['from an earlier rollout, to where this one does not lead', seen({}, '5'), mine('canary'), 'elsewhere'],
    ['the same, a rollback', seen({}, '5'), mine('rollback'), 'elsewhere'],
    ['to where this one began: nothing was undone', seen({ back: '7' }), mine('canary'), null],
    ['to where a watch would lead: its own way back', seen({ back: '7' }), mine('watch', back), 'home'],
    ['to what a watch guards', seen({}, '5'), mine('watch', back), null],
    ['from under a watch that has no way back', seen({}, '5'), mine('watch'), 'elsewhere'],
    ['to what a watch without a way back guards', seen({ back: '7' }), mine('watch'), null],
    ['from this very rollout', seen({ rollout: id }, '5'), mine('canary'), null],
    ['by a journaled write', seen({ seq: 4 }, '5'), mine('canary'), null],
    ['and moved by hand since', seen({}, '6'), mine('canary'), null],
    ['by nobody', seen(undefined), mine('canary'), null],
  ])('%s', (_name, view, state, expected) => {
    expect(wentBackBefore(view, state)).toBe(expected);
  });
});
