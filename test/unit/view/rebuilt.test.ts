import { describe, expect, it } from 'vitest';
import { conditionOf } from '../../../src/view/condition.ts';
import { kindText, rebuiltIn } from '../../../src/view/rebuilt.ts';
import { titleOf } from '../../../src/reporting/outcome-words.ts';
import { plan, tell, wait, watchPlan } from '../engine/story.ts';

const closed = (command: string) =>
  ({
    kind: 'ended',
    outcome: {
      kind: 'restored',
      sentence: `the registry was rebuilt from what serves, by ana (${command})`,
    },
  }) as const;

describe('a journal that a rebuilt registry closed', () => {
  it.each([
    ["recover's own", tell(watchPlan(), closed('mlreg recover')), 'recover', 'registry rebuilt'],
    ["restore's own", tell(watchPlan(), closed('mlreg restore: drill')), 'restore', 'registry rebuilt'],
    ['a rollout', tell(plan, wait(9_000), closed('mlreg recover')), 'canary', 'closed by mlreg recover'],
    ['a rollout', tell(plan, closed('mlreg restore')), 'canary', 'closed by mlreg restore'],
    ['a watch', tell(watchPlan(), wait(1), closed('mlreg restore')), 'watch', 'closed by mlreg restore'],
    [
      'a reason that names the other command',
      tell(plan, closed('mlreg recover: (mlreg restore failed)')),
      'canary',
      'closed by mlreg recover',
    ],
  ])('%s: the same words on every surface', (_what, { state, now }, kind, words) => {
    expect(kindText(state)).toBe(kind);
    expect(conditionOf(state, now).word).toBe(words);
    expect(titleOf(state).words).toBe(words);
    expect(rebuiltIn(state)).toBe(words === 'registry rebuilt' ? `mlreg ${kind}` : null);
  });
});
