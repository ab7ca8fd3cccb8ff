import type { Entry, Stamp } from '../../src/domain/journal.ts';
import { type AliasTarget, sameTarget } from '../../src/domain/route.ts';
import { type AliasView, type Platform, PlatformError } from '../../src/ports/platform.ts';
import type { AppendOutcome, Store } from '../../src/ports/store.ts';
import { provision } from '../../src/strategies/common.ts';
import { rollback } from '../../src/strategies/rollback.ts';
import type { Design } from './level.ts';

type Append = Parameters<Store['append']>[0];
type Write = Parameters<Platform['writeAlias']>[1];

/**
 * Ways to do it that look right and are not, put between the engine and the world. A simulator that acquits one of them is
 * broken.
 */
export const badDesigns = {
  /** The lock is all there is: whoever held it writes, however late. */
  'a lease and nothing else': {
    platform: (platform, overwrite) => ({ ...platform, writeAlias: overwrite }),
  },

  /** The RevisionId guards only the moment between this read and this write, and a stale owner reads the newest. */
  'a RevisionId read just before each write': {
    platform: (platform) => ({
      ...platform,
      writeAlias: async (alias, wanted) => {
        const { revisionId } = await platform.readAlias(alias);
        return platform.writeAlias(alias, { ...wanted, revisionId });
      },
    }),
  },

  /** Whoever finds the alias as wanted writes nothing, so an older owner's RevisionId lives on. */
  'no write where the alias is home already': {
    platform: (platform) =>
      unlessBelieved(platform, (view, wanted) => sameTarget(view.target, wanted.target)),
  },

  /** A new owner begins without killing the older RevisionIds. */
  'no fence at a takeover': {
    platform: (platform) =>
      unlessBelieved(
        platform,
        (view, { target, stamp }) =>
          sameTarget(view.target, target) && stamp.token > (view.stamp?.token ?? 0) && !isHome(target, stamp),
      ),
  },

  /** Rolling back is noted, and nothing is written. */
  'a rollback without its write': {
    platform: (platform) => unlessBelieved(platform, (_view, { target, stamp }) => isHome(target, stamp)),
  },

  /** The stage goes back, so nobody needs the other alias any more: but nothing locks the stage. */
  'a rollback that leaves the other alias to the stage': {
    platform: (platform) =>
      unlessBelieved(
        platform,
        (_view, { target, stamp }, alias) => alias === 'green' && isHome(target, stamp),
      ),
  },

  /** What was sent is taken for what is served. */
  'no read-back after a write': {
    platform: (platform) => {
      let sent: AliasView | undefined;
      return {
        ...platform,
        readAlias: async (alias) => {
          const view = sent ?? (await platform.readAlias(alias));
          sent = undefined;
          return view;
        },
        writeAlias: async (alias, wanted) => {
          const { target, stamp, revisionId } = wanted;
          sent = { target, stamp, revisionId, description: '' };
          try {
            const outcome = await platform.writeAlias(alias, wanted);
            if (outcome.kind === 'written') sent = { ...sent, revisionId: outcome.revisionId };
            return outcome;
          } catch (error) {
            if (!(error instanceof PlatformError)) throw error;
            return { kind: 'written', revisionId };
          }
        },
      };
    },
  },

  /** What is rolled back to is published again, from whatever $LATEST is by now. */
  'a rollback that publishes anew': {
    rollbackPlan: (settings) => {
      const route = { kind: 'single', version: settings.challenger } as const;
      const { returnsTo: _recorded, builds: _builds, ...plan } = rollback(settings);
      const [promote, ...others] = plan.steps.filter(
        ({ kind }) => kind !== 'provision' && kind !== 'smoke' && kind !== 'warm-up',
      );
      return { ...plan, steps: [provision(settings, [route]), promote!, ...others] };
    },
  },

  /** Effect first, and intent and result are written down together. */
  'an effect before its intent': { store: intentsLater },
} satisfies Readonly<Record<string, Design>>;

const isHome = ({ functionVersion, weights }: AliasTarget, { back }: Stamp): boolean =>
  functionVersion === back && Object.keys(weights).length === 0;

/** Writes that are left out where the design thinks they are needless, and believed in. */
function unlessBelieved(
  platform: Platform,
  needless: (view: AliasView, wanted: Write, alias: string) => boolean,
): Platform {
  const all = new Map<
    string,
    { readonly revisionId: string; readonly target: AliasTarget; readonly stamp: Stamp }
  >();
  return {
    ...platform,
    readAlias: async (alias) => {
      const view = await platform.readAlias(alias);
      const believed = all.get(alias);
      return view.revisionId === believed?.revisionId ? { ...view, ...believed } : view;
    },
    writeAlias: async (alias, wanted) => {
      const view = await platform.readAlias(alias);
      if (!needless(view, wanted, alias)) return platform.writeAlias(alias, wanted);
      all.set(alias, { revisionId: view.revisionId, target: wanted.target, stamp: wanted.stamp });
      return { kind: 'written', revisionId: view.revisionId };
    },
  };
}

function intentsLater(store: Store): Store {
  let held: Append | undefined;
  const pretend = ({ entries, length, at, token }: Append): AppendOutcome => ({
    kind: 'appended',
    entries: entries.map((body, index): Entry => ({ ...body, seq: length + index, at, token })),
  });
  return {
    ...store,
    append: async (request) => {
      const before = held;
      held = undefined;
      if (before === undefined && request.entries[0]?.kind === 'intent') {
        held = request;
        return pretend(request);
      }
      if (before === undefined || before.rollout !== request.rollout) return store.append(request);
      const entries = [...before.entries, ...request.entries];
      const outcome = await store.append({ ...request, length: before.length, entries });
      return outcome.kind === 'appended'
        ? { ...outcome, entries: outcome.entries.slice(before.entries.length) }
        : outcome;
    },
  };
}

/** Adapters that look right and are not: between mlreg and AWS, and so of the AWS level alone. */
export const badAdapters = {
  /** Lambda keeps the weights it has where none are sent. */
  'weights left out where there are none': {
    request: (operation, body) =>
      operation === 'UpdateAlias' && isEmpty((body as UpdateAlias).RoutingConfig?.AdditionalVersionWeights)
        ? without(body, 'RoutingConfig')
        : body,
  },

  'an UpdateAlias without its RevisionId': {
    request: (operation, body) => (operation === 'UpdateAlias' ? without(body, 'RevisionId') : body),
  },
} satisfies Readonly<Record<string, Design>>;

interface UpdateAlias {
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: object };
}

const isEmpty = (weights: object = {}): boolean => Object.keys(weights).length === 0;

const without = (body: object, name: string): object =>
  Object.fromEntries(Object.entries(body).filter(([other]) => other !== name));

const all: Readonly<Record<string, Design>> = { ...badDesigns, ...badAdapters };

/** What can be put on trial at a level. */
export const designNames = (level: string): readonly string[] =>
  Object.keys(level === 'engine' ? badDesigns : all);

/** By its name; undefined where there is none. */
export const designOf = (name: string | undefined): Design | undefined =>
  name !== undefined && Object.hasOwn(all, name) ? all[name] : undefined;
