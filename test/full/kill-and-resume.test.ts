import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../support/e2e.ts';
import { begins, createKillScene, type KillScene, type Moment } from '../support/kill-scene.ts';

let kills: KillScene;

beforeAll(async () => {
  kills = await createKillScene();
});

afterAll(() => kills.end());

describe('a deploy that is killed', () => {
  // Each moment is an event of the deploy: the n-th of its kind.
  it.each<Moment>([
    ['creating its endpoint', ...begins('ensure-endpoint')],
    ['moving users', ...begins('set-alias', 2)],
    ['judging', ({ type }) => type === 'observed', 1],
    ['promoting', ...begins('set-alias', 3)],
  ])('%s is brought to its end by one resume', async (...moment) => {
    const deploying = kills.scene.start('deploy', '--model-version', kills.challenger());
    const isKilled = await kills.killedAt(deploying, moment);
    const { entries } = await kills.expectResumed();
    // On a busy machine the signal may come when all is over.
    const owners = entries.filter(({ kind }: Json) => kind === 'owned').length;
    expect(owners).toBeOneOf(isKilled && moment[0] !== 'promoting' ? [1] : [0, 1]);
  });
});
