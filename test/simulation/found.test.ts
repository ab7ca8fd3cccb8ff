import { describe, expect, it } from 'vitest';
import { expectMended, type Found, readAll } from './found.ts';

const all = readAll<Found>('found/');

/** What the simulator once convicted, as data: people, faults and outages, shrunk where the bug was still there to do it. */
describe('counterexamples that were mended', () => {
  it.each(all)('%s', (_name, found) => expectMended(found));

  it('show nothing, and fail, where their schedule is not reached', async () => {
    const [, found] = all.find(([name]) => name === 'stuck-watch') ?? [];
    if (found === undefined) throw new Error('there is no such case');
    const late = { key: '0-deploy readAlias 900', kind: 'lost', ms: 0 } as const;
    await expect(expectMended({ ...found, story: { ...found.story, faults: [late] } })).rejects.toThrow(
      'befell no call',
    );
    await expect(expectMended({ ...found, expects: ['an endpoint was retired'] })).rejects.toThrow(
      'not reached',
    );
  });
});
