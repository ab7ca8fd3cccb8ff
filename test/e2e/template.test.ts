import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createScene, succeeds } from '../support/e2e.ts';
import { packTemplate } from '../support/newcomer.ts';

const scene = createScene('template');
afterAll(() => scene.end());

it('the project of `init --template node` serves', async () => {
  rmSync(join(scene.dir, 'mlreg.yaml'));
  await succeeds(scene.inside('init', '--template', 'node'));
  packTemplate(scene.dir);
  await scene.up({ controller: false });
  await succeeds(scene.run('register', 'v1', '--artifact', 'v1.tar.gz'));
  const first = await succeeds(scene.run('deploy', '--model-version', 'v1'));
  expect(first.stderr).toContain('smoke requests passed');
  const answer = await fetch(`${scene.gatewayUrl}/recommend`, {
    method: 'POST',
    body: '{"userId":"u","limit":1}',
    headers: { 'content-type': 'application/json' },
  });
  expect(await answer.json()).toEqual({ count: 1, items: [{ id: 'book', score: 0.9 }] });
  const printed = await scene.look('logs', 'v1');
  expect(printed.lines.map(({ text }: { text: string }) => text).join('\n')).toMatch(/model popular on 127/);
});
