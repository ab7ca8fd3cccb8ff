import { expect, it } from 'vitest';
import { cliWorld, serving } from '../support/cli-world.ts';

it('says that all is sound, and where the chain ends', async () => {
  const cli = await serving();
  await cli.run('deploy --model-version v2.3.0');
  expect(await cli.run('audit verify')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^sound: \d+ records, 1 rollouts in memory\nhead /),
  });
  expect(await cli.ask('audit verify')).toMatchObject({ kind: 'Audit', environment: 'dev', rollouts: 1 });
});

it('names the first thing that must not be believed: exit 5', async () => {
  const cli = await cliWorld();
  cli.audit = { records: 3, problem: 'x.ndjson:4: the record that this one builds on is gone' };
  expect(await cli.run('audit verify')).toMatchObject({
    code: 5,
    stdout: '',
    stderr: expect.stringContaining('x.ndjson:4: the record that this one builds on is gone'),
  });
  expect(await cli.ask('audit verify')).toMatchObject({ kind: 'Error', exitCode: 5 });
});
