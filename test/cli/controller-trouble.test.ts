import { expect, it } from 'vitest';
import { serving } from '../support/cli-world.ts';

it.each(['status', 'doctor', 'rollback'])(
  '%s tells that the controller of this machine is dead',
  async (words) => {
    const cli = await serving();
    const trouble = {
      what: 'the rollout controller of this machine (pid 7) has died',
      mend: 'mlreg local down',
    };
    expect((await cli.run(words)).stderr).not.toContain('has died');
    cli.controllerTrouble = trouble;
    expect((await cli.run(words)).stderr).toContain(`${trouble.what}; ${trouble.mend}`);
  },
);

it('doctor finds a controller that can not roll back, with what to type', async () => {
  const cli = await serving();
  cli.controllerTrouble = { what: 'it can not roll back', mend: 'mlreg rollback' };
  const { findings, well } = await cli.ask('doctor');
  expect(well).toBe(false);
  expect(findings).toContainEqual({
    check: 'controller',
    ok: false,
    detail: 'it can not roll back',
    mend: 'mlreg rollback',
  });
});
