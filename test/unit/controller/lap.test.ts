import { describe, expect, it } from 'vitest';
import { lap } from '../../../src/controller/lap.ts';
import type { Post } from '../../../src/controller/watched.ts';
import { controllerCommand } from '../../../src/domain/controller.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import type { Store } from '../../../src/ports/store.ts';
import { mayBeUnderWay } from '../../../src/runner/carry-on.ts';
import { start } from '../../../src/runner/own.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { memorySightings } from '../../../src/store/sightings.ts';
import { actor, type ModelWorld, modelWorld, seedRegistry, startOf } from '../../support/model-world.ts';
import { atStep, ensure, home, rollingBack, setAlias, stepOf, tell, tried, plan } from '../engine/story.ts';

const id = rolloutId('r-1');
const controller = { ...actor('controller'), host: 'lambda', command: controllerCommand };

const postOver = (world: ModelWorld, store: Store): Post => ({
  ports: { ...world.ports, store },
  sightings: memorySightings(),
  actor: controller,
  silenceMs: 12_000,
  isAlive: () => 'unknown',
});

/** A store in which bob takes the rollout right after the controller has looked at the lock. */
function withBobBetween(world: ModelWorld): Store {
  const store = openMemoryStore(world.place);
  let isTaken = false;
  return {
    ...store,
    lock: async () => {
      const seen = await store.lock();
      if (!isTaken) {
        isTaken = true;
        const at = world.ports.clock.now();
        await store.acquire({ owner: actor('bob'), rollout: id, takeOver: true, at });
      }
      return seen;
    },
  };
}

describe("a controller's pass", () => {
  it.each([
    ['a rollout that nobody drives', 0],
    ['a rollout of its own', 2],
  ])('leaves %s to a person who has just resumed it', async (_what, passes) => {
    const world = modelWorld();
    await seedRegistry(world);
    const { token } = await start(world.ports, id, startOf());
    const store = openMemoryStore(world.place);
    await store.release(token);
    for (let pass = 0; pass < passes; pass++) await lap(postOver(world, store), true);
    const before = world.alias().revisionId;
    const racing = postOver(world, withBobBetween(world));
    expect(await lap(racing, true)).toEqual({ kind: 'lost', rollout: id, by: 'bob' });
    expect((await store.lock()).owner?.name).toBe('bob');
    expect(world.alias().revisionId).toBe(before);
  });
});

describe('the endpoint to which users may return', () => {
  /** Promoted under the controller's eye: the targets that it was to keep warm, pass by pass. */
  async function passes(isDue: () => boolean) {
    const world = modelWorld();
    await seedRegistry(world);
    const kept: (string | undefined)[] = [];
    const warm = {
      keepPreviousMs: 3_600_000,
      keeper: {
        isDue,
        keep: ({ endpoint }: { readonly endpoint: string }) => void kept.push(endpoint),
        settled: async () => undefined,
      },
    };
    const { token } = await start(world.ports, id, startOf());
    const store = openMemoryStore(world.place);
    await store.release(token);
    const post: Post = { ...postOver(world, store), warm };
    const pass = async () => {
      const result = await lap(post, true);
      if (result.kind === 'again') world.advance(Math.max(0, result.at - world.ports.clock.now()));
      return result;
    };
    return { world, kept, pass };
  }

  it('is kept warm from the first moved user on, and after the promotion for as long as it is kept', async () => {
    const { world, kept, pass } = await passes(() => true);
    let ended = false;
    for (let i = 0; i < 500 && !ended; i++) ended = (await pass()).kind === 'ended';
    expect(ended).toBe(true);
    const during = new Set(kept);
    expect([...during]).toEqual([startOf().endpoints['v2.2.0']?.name]);
    const before = kept.length;
    expect((await pass()).kind).toBe('rest');
    expect(kept.slice(before)).toEqual([...during]);
    world.advance(3_600_000);
    await pass();
    expect(kept.length).toBe(before + 1);
  });

  it('is left alone while nothing is due', async () => {
    const { kept, pass } = await passes(() => false);
    for (let i = 0; i < 20; i++) await pass();
    expect(kept).toEqual([]);
  });
});

describe('a write of the pass before may still be under way', () => {
  const { state } = atStep(stepOf.bake10);
  const fence = setAlias('fence', home, null);
  it.each([
    ['not after a write that was read back', state, false],
    ['before the first fence', tell(plan).state, true],
    ['after an intent without a result', { ...state, openIntent: { seq: 9, effect: fence } }, true],
    ['after a try whose reply was lost', atStep(stepOf.bake10, tried(fence)).state, true],
    ['not after a try of anything else', atStep(stepOf.bake10, tried(ensure)).state, false],
    ['on the way back', atStep(stepOf.bake10, rollingBack).state, true],
  ])('%s', (_when, given, expected) => {
    expect(mayBeUnderWay(given)).toBe(expected);
  });
});
