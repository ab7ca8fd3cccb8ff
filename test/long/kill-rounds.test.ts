import { afterAll, beforeAll, it } from 'vitest';
import type { Scene } from '../support/e2e.ts';
import { killScene, playRounds, seedOfToday } from '../support/kill-rounds.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await killScene();
});
afterAll(() => scene.end());

it('all agree after 25 rounds of SIGKILL, SIGSTOP and restarts of every process', async () => {
  await playRounds(scene, seedOfToday(), 25);
});
