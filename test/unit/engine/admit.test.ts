import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/domain/identity.ts';
import type { Request } from '../../../src/domain/journal.ts';
import { later, percent } from '../../../src/domain/units.ts';
import { admit } from '../../../src/engine/admit.ts';
import {
  approve as approvesIt,
  approvedPlan,
  began,
  asked,
  atStep,
  fenced,
  request,
  rollingBack,
  stepOf,
  stepsTo,
  type Chapter,
  type Story,
  tell,
  wait,
  watchPlan,
  firstPlan,
  plan,
} from './story.ts';

const wishes = {
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  approve: approvesIt,
  reject: { kind: 'reject' },
  promote: { kind: 'promote', full: false },
  'promote --full': { kind: 'promote', full: true },
  'traffic 50': { kind: 'traffic', percent: percent(50) },
  'traffic 51': { kind: 'traffic', percent: percent(51) },
} as const;

/** All answers in one state: yes or no, and the sentence. */
function answers({ state, now }: Story, by = 'bob'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wishes).map(([name, wish]) => {
      const { accepted, answer } = admit(state, request(wish, by), now);
      return [name, `${accepted ? 'yes' : 'no'}: ${answer}`];
    }),
  );
}

const cat: Identity = { id: 'github:cat', proof: 'github' };
const byCat = asked(approvesIt, 'cat', true, { identity: cat });
const committed = { kind: 'labelled', as: 'promoted' } as const;
const ended = { kind: 'ended', outcome: { kind: 'succeeded', sentence: 'x' } } as const;

describe('what another terminal asks', () => {
  const states: readonly (readonly [string, Story])[] = [
    ['while it waits for approval', tell(approvedPlan, fenced())],
    ['with one approval', tell(approvedPlan, fenced(), asked(approvesIt, 'cat'))],
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
    const story = tell(approvedPlan, fenced(), asked(approvesIt, 'cat'));
    expect(answers(story, 'ana').approve).toBe(
      'no: ana started this rollout; another person must approve it',
    );
    expect(answers(story, 'cat').approve).toBe('no: cat has approved already; another person must');
    expect(answers(story, 'bob').approve).toBe('yes: approved (2 of 2)');
  });

  it.each<[string, Chapter[], Partial<Request>, string]>([
    ['another plan', [], { planHash: 'deadbeef'.repeat(8) }, 'no: it approves plan deadbeefdead'],
    ['one that has expired', [wait(60_000)], {}, 'no: the approval is older than 1m'],
    ['one that has not', [wait(59_999)], {}, 'yes: approved (1 of 2)'],
    [
      'the second while the first has expired',
      [byCat, wait(60_000)],
      { at: later(began, 60_000) },
      'yes: approved (1 of 2)',
    ],
    ['the same once more', [asked(approvesIt, 'bob')], {}, 'no: bob has approved already'],
    [
      'under another name, with the same login',
      [byCat],
      { by: 'kitty', identity: cat },
      'no: kitty has approved already',
    ],
    ['by another login', [byCat], { identity: { ...cat, id: 'github:bob' } }, 'yes: approved (2 of 2)'],
  ])('approves: %s', (_name, before, over, answer) => {
    const story = tell(approvedPlan, fenced(), ...before);
    const asks = { ...request(approvesIt), ...over } as Request;
    const { accepted, answer: said } = admit(story.state, asks, story.now);
    expect(`${accepted ? 'yes' : 'no'}: ${said}`).toContain(answer);
  });

  it('a rollout that knows no hash of its plan is approved by nobody', () => {
    const { state } = tell(approvedPlan, fenced());
    expect(admit({ ...state, planHash: undefined }, request(approvesIt), began)).toMatchObject({
      accepted: false,
    });
  });

  it('of a kind that nobody knows is a bug', () => {
    expect(() =>
      admit(tell(plan).state, { ...request({ kind: 'pause' }), kind: 'sing' } as never, began),
    ).toThrow('unreachable');
  });
});
