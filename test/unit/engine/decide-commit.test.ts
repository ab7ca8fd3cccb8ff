import { expect, it } from 'vitest';
import { decide } from '../../../src/engine/decide.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import { atStep, on, plan, single } from './story.ts';
import { instant } from '../../../src/domain/units.ts';
import { v23 } from '../../support/model-world.ts';

const commit = plan.steps.findIndex(({ kind }) => kind === 'commit');
const promoted = (): RolloutState => {
  const { state } = atStep(commit);
  const target = on('9');
  const stamp = { environment: 'local', token: state.token, seq: 9, rollout: state.id, back: '7' };
  return {
    ...state,
    published: { ...state.published, [`single ${v23}`]: '9' },
    aliases: { live: { revisionId: 'rev-9', target, stamp } },
    routes: { live: single(v23) },
    unfenced: [],
  };
};

it('commits under the token that has written the alias, and fences first under any other', () => {
  const state = promoted();
  const own = decide(state, null, instant(state.stepSince + 1));
  expect(own).not.toMatchObject({ kind: 'effect', effect: { purpose: 'fence' } });
  const next = decide({ ...state, token: state.token + 1 }, null, instant(state.stepSince + 1));
  expect(next).toMatchObject({
    kind: 'effect',
    effect: { kind: 'set-alias', purpose: 'fence', alias: 'live' },
  });
});

it('writes the alias again where the fence found that somebody had left users elsewhere', () => {
  const state = promoted();
  const { live } = state.aliases;
  if (live === undefined) throw new Error('the alias was not written');
  const moved = { ...state, aliases: { live: { ...live, target: on('7') } } };
  expect(decide(moved, null, instant(state.stepSince + 1))).toMatchObject({
    kind: 'effect',
    effect: { kind: 'set-alias', purpose: 'promote', target: on('9') },
  });
});
