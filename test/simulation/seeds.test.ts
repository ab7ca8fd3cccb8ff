import { describe, expect, it } from 'vitest';
import { campaign, same } from './campaign.ts';
import { badDesigns } from './designs.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';

describe('the engine under faults, several people and a scheduler', () => {
  it('keeps its laws, and says the same again', async () => {
    const { violations, unsteady, situations } = await campaign(1, 300);
    expect(violations.map(({ story, violation }) => `${story.seed}: ${violation?.message}`)).toEqual([]);
    expect(unsteady).toEqual([]);
    for (const name of [
      'canary succeeded',
      'canary rolled-back',
      'took over a dead owner',
      'fenced a live owner',
    ])
      expect(situations.get(name), name).toBeGreaterThan(0);
  });

  it('repeats a run to the last call', async () => {
    const runs = [await simulate(7, { tracing: true }), await simulate(7, { tracing: true })] as const;
    expect(runs[0].trace.length).toBeGreaterThan(100);
    expect(same(...runs)).toBe(true);
  });
});
