import { expect, it } from 'vitest';
import { bad, serving } from '../support/cli-world.ts';

it('promotes', async () => {
  const cli = await serving();
  const r = await cli.run('deploy --model-version v2.3.0');
  console.log(r.code, '\n' + r.stdout, '\n' + r.stderr);
  const s = await cli.run('status');
  console.log(s.stdout, s.stderr);
});
it('rolls back', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  const r = await cli.run('deploy --model-version v2.3.0');
  console.log(r.code, '\n' + r.stdout, '\n' + r.stderr);
});
it('watch', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.2.0'] = bad;
  const r = await cli.run('watch --duration 20');
  console.log(r.code, '\n' + r.stdout, '\n' + r.stderr);
  expect(1).toBe(1);
});
