import { describe, expect, it } from 'vitest';
import { versionTag } from '../../../src/domain/units.ts';
import { repairOf } from '../../../src/runner/repair.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { modelWorld, seedRegistry, v22 } from '../../support/model-world.ts';
import { atStep, stepOf } from '../engine/story.ts';

const v21 = versionTag('v2.1.0');

async function registry() {
  const world = modelWorld();
  await seedRegistry(world);
  const store = openMemoryStore(world.place);
  const at = world.ports.clock.now();
  await store.register({
    version: v21,
    status: 'archived',
    artifact: { uri: 'file:///a', digest: 'aa' },
    metrics: {},
    registeredAt: at,
    registeredBy: 'ana',
    statusAt: at,
    statusReason: '',
    functionVersion: '5',
  });
  return store;
}

describe('what the journal is told of a rollback without the store', () => {
  it.each([
    ['home', '7', {}],
    ['an earlier version', '5', { keeps: { functionVersion: '5', version: v21, champion: v22 } }],
    [
      'a Lambda version of no registered version',
      '4',
      { keeps: { functionVersion: '4', version: null, champion: v22 } },
    ],
  ])('to %s: what the person chose is kept', async (_what, functionVersion, more) => {
    const { state } = atStep(stepOf.bake10);
    const unknown = { functionVersion, writer: 'ffffffff', token: 3 };
    expect(await repairOf(await registry(), state, unknown)).toEqual([
      {
        kind: 'repaired',
        what: 'rolled back while the store was out of reach (token 3 on the alias)',
        writer: 'ffffffff',
        ...more,
      },
      {
        kind: 'rolling-back',
        cause: { kind: 'abort', by: 'ana', sentence: 'rolled back while the store was out of reach' },
      },
    ]);
  });
});
