import { describe, expect, it } from 'vitest';
import { campaign, same } from './campaign.ts';
import { badDesigns } from './designs.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

const laws = (runs: readonly { story: { seed: number }; violation: Error | null }[]): string[] =>
  runs.map(({ story, violation }) => `${story.seed}: ${violation?.message}`);

describe('the engine among faults and people', () => {
  it('keeps its laws, and comes to rest', async () => {
    const { violations, unsteady, situations } = await campaign(1, 250);
    expect(laws(violations)).toEqual([]);
    expect(unsteady).toEqual([]);
    for (const name of [
      'canary succeeded',
      'canary rolled-back',
      'took over a dead owner',
      'fenced a live owner',
      'late alias write: precondition',
      'reply lost: writeAlias',
      'blind rollback adopted',
      'store out of reach',
      'rolled back by verdict',
    ])
      expect(situations.get(name), name).toBeGreaterThan(0);
  });

  it('does the same again, call for call', async () => {
    const first = await simulate(31, { tracing: true });
    expect(first.trace.length).toBeGreaterThan(100);
    expect(same(first, await simulate(31, { tracing: true }))).toBe(true);
  });
});

describe('seeds that once found a bug', () => {
  it.each([
    [53, 'a plan whose ground has moved meanwhile does not begin'],
    [343, 'nor does one that waited for a person'],
    [88, 'a lock whose owner has ended without releasing it is no wall'],
    [108, 'nor one whose owner died before its first entry'],
    [127, 'a watch that knows no earlier version takes nobody the champion away'],
    [163, 'a rollback by the alias alone is not forgotten when a new owner gets the same token'],
    [835, 'a rollback by the alias alone after a rollback does not return to what users were saved from'],
    [1431, 'a watch that is stuck can be ended'],
  ])('%i: %s', async (seed) => {
    expect(laws([await simulate(seed)])).toEqual([`${seed}: undefined`]);
  });
});

describe('designs that look right', () => {
  it.each([
    ['a lease and nothing else', 2, 'I3 one owner'],
    ['a RevisionId read just before each write', 134, 'I3 one owner'],
    ['no write where the alias is home already', 3002, 'I1 terminal stays terminal'],
  ] as const)('%s: convicted', async (name, seed, law) => {
    const design = badDesigns[name];
    expect((await simulate(seed, { design })).violation?.law).toBe(law);
    expect((await simulate(seed)).violation).toBeNull();
  });

  it('a counterexample shrinks to what it needs', async () => {
    const design = badDesigns['a RevisionId read just before each write'];
    const { only, run } = await shrink(await simulate(134, { design }), { design });
    expect(only.length).toBeLessThan(5);
    expect(run.violation?.law).toBe('I3 one owner');
  });
});
