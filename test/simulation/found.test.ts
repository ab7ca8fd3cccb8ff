import { describe, expect, it } from 'vitest';
import { readAll } from './found.ts';
import { play } from './simulate.ts';
import type { Story } from './story.ts';

/** What the simulator once convicted, as data: people, faults and outages, shrunk where the bug was still there to do it. */
describe('counterexamples that were mended', () => {
  it.each(readAll<{ readonly found: string; readonly story: Story }>('found/'))(
    '%s',
    async (_name, { found, story }) => {
      expect((await play(story)).violation?.message, found).toBeUndefined();
    },
  );
});
