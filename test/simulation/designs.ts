import type { Stamp } from '../../src/domain/journal.ts';
import { sameTarget } from '../../src/domain/route.ts';
import type { Design } from './world.ts';

/** Ways to guard the alias that look right and are not. A simulator that acquits one of them is broken. */
export const badDesigns = {
  /** The lock is all there is: whoever held it writes, however late. */
  'a lease and nothing else': (platform, overwrite) => ({ ...platform, writeAlias: overwrite }),

  /** The RevisionId guards only the moment between this read and this write, and a stale owner reads the newest. */
  'a RevisionId read just before each write': (platform) => ({
    ...platform,
    writeAlias: async (alias, wanted) => {
      const { revisionId } = await platform.readAlias(alias);
      return platform.writeAlias(alias, { ...wanted, revisionId });
    },
  }),

  /** Whoever finds the alias as wanted writes nothing, so an older owner's RevisionId lives on. */
  'no write where the alias is home already': (platform) => {
    let believed: { readonly revisionId: string; readonly stamp: Stamp } | undefined;
    return {
      ...platform,
      readAlias: async (alias) => {
        const view = await platform.readAlias(alias);
        return view.revisionId === believed?.revisionId ? { ...view, stamp: believed.stamp } : view;
      },
      writeAlias: async (alias, wanted) => {
        const view = await platform.readAlias(alias);
        if (!sameTarget(view.target, wanted.target)) return platform.writeAlias(alias, wanted);
        believed = { revisionId: view.revisionId, stamp: wanted.stamp };
        return { kind: 'written', revisionId: view.revisionId };
      },
    };
  },
} satisfies Readonly<Record<string, Design>>;
