import { describe, expect, it } from 'vitest';
import { campaign, same } from './campaign.ts';
import { badAdapters, designOf } from './designs.ts';
import { expectMended, type Found, readAll } from './found.ts';
import { levels } from './levels.ts';
import { play, simulate } from './simulate.ts';
import type { Story } from './story.ts';

describe('mlreg with its adapters and the AWS SDK, over local AWS, among faults and people', () => {
  it('keeps its laws, and comes to rest', async () => {
    const { violations, unsteady, twice, situations } = await campaign(300, 24, levels.aws);
    expect(violations).toEqual([]);
    expect(twice).toBe(1);
    expect(unsteady).toEqual([]);
    for (const name of [
      'canary succeeded',
      'canary rolled-back',
      'took over a dead owner',
      'reply lost: writeAlias',
      'reply lost: store',
      'store out of reach',
      'permission lost',
    ])
      expect(situations.get(name), name).toBeGreaterThan(0);
  });

  it.each([
    ['append', 20],
    ['TransactWriteItems', 19],
  ])('does the same again, call for call, whatever came between: with store.%s', async (store, seed) => {
    const told = { ...levels.aws, tracing: true };
    const first = await simulate(seed, told);
    await simulate(seed + 1, levels.aws);
    expect(first.faults.length).toBeGreaterThan(10);
    expect(first.trace.join(' ')).toContain(`store.${store}`);
    expect(same(first, await simulate(seed, told))).toBe(true);
  });
});

/** What this level once convicted, shrunk while the bug was still there. */
describe('counterexamples that were mended', () => {
  it.each(readAll<Found>('aws/found/'))('%s', (_name, found) =>
    expectMended(found, { level: levels.aws.level }),
  );
});

const convicted = readAll<{ readonly design: string; readonly law: string; readonly story: Story }>(
  'aws/convicted/',
);

describe('adapters that look right', () => {
  it('are all on trial', () => {
    expect(convicted.map(([, { design }]) => design).sort()).toEqual(Object.keys(badAdapters).sort());
  });

  it.each(convicted)('%s: convicted', async (_name, { design, law, story }) => {
    const wrong = designOf(design);
    expect(wrong).toBeDefined();
    const { level } = levels.aws;
    expect((await play(story, { level, ...(wrong && { design: wrong }) })).violation?.law).toBe(law);
    expect((await play(story, { level })).violation).toBeNull();
  });
});
