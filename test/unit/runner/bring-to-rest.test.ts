import { expect, it } from 'vitest';
import { bringToRest } from '../../../src/runner/bring-to-rest.ts';
import { modelWorld } from '../../support/model-world.ts';
import { home, id } from '../engine/story.ts';

it("writes no marker that looks like a person's rollback, over one of such", async () => {
  const world = modelWorld();
  const store = { id: '9f3c21ab', epoch: 3 };
  const detail = { store, purpose: 'blind', writer: 'ffffffff', target: '7' } as const;
  const stamp = { environment: 'local', token: 4, seq: 0, rollout: id, back: '7', detail };
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
  expect(written?.seq).toBeGreaterThan(0);
});
