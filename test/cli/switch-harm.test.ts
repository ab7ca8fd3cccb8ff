import { expect, it } from 'vitest';
import { baking, projectConfig, serving } from '../support/cli-world.ts';

it('a switch that harms the champion’s users is undone, and the version on trial is not blamed', async () => {
  const cli = await serving(projectConfig.replace('warmUp: 0s', 'warmUp: 30s'));
  cli.when(baking(10), () => {
    cli.model.behaviour['v2.2.0'] = { errors: 0.3, latencyMs: 20 };
  });
  const ran = await cli.run('deploy --model-version v2.3.0');
  expect(ran.stdout).toContain('The switch did it, or what began with it, and not the version on trial');
  expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  const { versions } = await cli.ask('versions');
  const [challenger] = versions.filter(({ version }: { version: string }) => version === 'v2.3.0');
  expect(challenger.status).toBe('rolled_back');
  expect(challenger.statusReason).toContain('not the version on trial');
  expect(challenger.services ?? []).toEqual([]);
  expect([ran.code]).toMatchInlineSnapshot(`
    [
      3,
    ]
  `);
});
