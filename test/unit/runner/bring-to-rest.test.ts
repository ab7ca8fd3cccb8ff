import { expect, it } from 'vitest';
import { bringToRest } from '../../../src/runner/bring-to-rest.ts';
import { modelWorld } from '../../support/model-world.ts';
import { home, id } from '../engine/story.ts';

it.each([
  ["writes no marker that looks like a person's rollback, over one of such", 'blind', 0],
  [
    'names no entry of a rollback that no store was told of, for the store would seem to have lost it',
    'back',
    68,
  ],
] as const)('%s', async (_name, purpose, seq) => {
  const world = modelWorld();
  const store = { id: '9f3c21ab', epoch: 3 };
  const detail = { store, purpose, writer: 'ffffffff', target: '7' } as const;
  const stamp = { environment: 'local', token: 4, seq, rollout: id, back: '7', detail };
  world.makeAlias('live', home, stamp);
  const tidied = await bringToRest(world.ports.platform, {
    environment: 'local',
    alias: 'live',
    green: null,
    token: 5,
    mark: { writer: 'aaaaaaaa', store },
    functionVersion: '7',
    leadsAstray: () => Promise.resolve(false),
  });
  expect(tidied).toEqual([]);
  const written = world.alias().stamp;
  expect(written).toMatchObject({ token: 5, detail: { purpose: 'fence', writer: 'aaaaaaaa', target: '7' } });
  expect(written?.seq).toBe(1);
});
