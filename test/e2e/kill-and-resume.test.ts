import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../support/e2e.ts';
import { begins, createKillScene, type KillScene, type Moment } from '../support/kill-scene.ts';

let kills: KillScene;

beforeAll(async () => {
  kills = await createKillScene();
});

afterAll(() => kills.end());

describe('a deploy that is killed', () => {
  it('at every step, and each resume at the next, still comes to its end', async () => {
    const moments: readonly Moment[] = [
      ['starting', ({ type }) => type === 'rollout.start', 1],
      ['fencing the alias', ...begins('set-alias')],
      ['creating the endpoint', ...begins('ensure-endpoint')],
      ['publishing', ...begins('publish')],
      ['asking smoke requests', ...begins('smoke')],
      ['warming up', ...begins('warm-up')],
      // The first write of each owner is its fence.
      ['moving users', ...begins('set-alias', 2)],
      ['judging', ({ type }) => type === 'observed', 1],
      ['warming up for everybody', ...begins('warm-up')],
      ['promoting', ...begins('set-alias', 2)],
      ['writing the registry', ({ type, kind }) => type === 'step.done' && kind === 'promote', 1],
    ];
    let processes = 0;
    for (const moment of moments) {
      const words = processes === 0 ? ['deploy', '--model-version', kills.challenger()] : ['resume'];
      processes++;
      // On a busy machine the signal may come steps later, and the rollout be over before the last moments.
      if (!(await kills.killedAt(kills.scene.start(...words), moment))) break;
    }
    expect(processes).toBeGreaterThan(moments.length / 2);
    const { entries } = await kills.expectResumed();
    const owners = entries.filter(({ kind }: Json) => kind === 'owned').length;
    expect(owners - (processes - 1)).toBeOneOf([0, 1]);
  });
});
