import { describe, expect, it } from 'vitest';
import { campaign } from '../simulation/campaign.ts';
import { levels } from '../simulation/levels.ts';

/* More seeds than `npm test` has time for, and others than those. `npm run sim` runs as many as one likes. */

const first = 50_001;

describe('simulated rollouts', () => {
  it.each([0, 1, 2, 3].map((part) => [first + part * 2_000]))(
    'keep every invariant: 2,000 with the engine alone, from seed %i',
    async (from) => {
      const { violations, unsteady } = await campaign(from, 2_000);
      expect(violations).toEqual([]);
      expect(unsteady).toEqual([]);
    },
  );

  it('keep every invariant: 200 with the adapters and the AWS SDK', async () => {
    const { violations, unsteady } = await campaign(first, 200, levels.aws);
    expect(violations).toEqual([]);
    expect(unsteady).toEqual([]);
  });
});
