import { describe, expect, it } from 'vitest';
import { percent } from '../../../src/domain/units.ts';
import { admit } from '../../../src/rollout/admit.ts';
import {
  approvedPlan,
  asked,
  atStep,
  fenced,
  request,
  rollingBack,
  stepOf,
  stepsTo,
  type Story,
  tell,
  watchPlan,
  firstPlan,
  plan,
} from './story.ts';

const wishes = {
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  approve: { kind: 'approve' },
  reject: { kind: 'reject' },
  promote: { kind: 'promote', full: false },
  'promote --full': { kind: 'promote', full: true },
  'traffic 50': { kind: 'traffic', percent: percent(50) },
  'traffic 51': { kind: 'traffic', percent: percent(51) },
} as const;

/** All answers in one state: yes or no, and the sentence. */
function answers({ state }: Story, by = 'bob'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wishes).map(([name, wish]) => {
      const { accepted, answer } = admit(state, request(wish, by));
      return [name, `${accepted ? 'yes' : 'no'}: ${answer}`];
    }),
  );
}

const committed = { kind: 'labelled', as: 'promoted' } as const;
const ended = { kind: 'ended', outcome: { kind: 'succeeded', sentence: 'x' } } as const;

describe('what another terminal asks', () => {
  const states: readonly (readonly [string, Story])[] = [
    ['while it waits for approval', tell(approvedPlan, fenced())],
    ['with one approval', tell(approvedPlan, fenced(), asked({ kind: 'approve' }, 'cat'))],
    ['while it provisions', tell(plan, fenced())],
    ['while it bakes', atStep(stepOf.bake10)],
    ['while it is paused', atStep(stepOf.bake10, asked({ kind: 'pause' }))],
    ['while a watch watches', tell(watchPlan(), fenced())],
    ['while a first deploy provisions', tell(firstPlan, fenced())],
    ['while it promotes', atStep(stepOf.promote)],
    ['after the registry was written', atStep(stepOf.notify, committed)],
    ['after the last step', tell(plan, fenced(), ...stepsTo(12))],
    ['while it rolls back', atStep(stepOf.bake10, rollingBack)],
    ['after its end', tell(plan, ended)],
  ];
  it.each(states)('%s', (_name, story) => {
    expect(answers(story)).toMatchSnapshot();
  });

  it('is approved by two persons other than the one who started it', () => {
    const story = tell(approvedPlan, fenced(), asked({ kind: 'approve' }, 'cat'));
    expect(answers(story, 'ana').approve).toBe(
      'no: ana started this rollout; another person must approve it',
    );
    expect(answers(story, 'cat').approve).toBe('no: cat has approved already; another person must');
    expect(answers(story, 'bob').approve).toBe('yes: approved (2 of 2)');
  });

  it('of a kind that nobody knows is a bug', () => {
    expect(() => admit(tell(plan).state, { ...request({ kind: 'pause' }), kind: 'sing' } as never)).toThrow(
      'unreachable',
    );
  });
});
