import { expect, it } from 'vitest';
import { cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const sick = { 'v2.2.0': { errors: 0.3, latencyMs: 20 }, 'v2.3.0': { errors: 0.001, latencyMs: 20 } };
const told = 'the champion already breaches guardrails.errorRate: 30 % errors, limit 5 %';

it('plan, doctor and preflight tell that the champion breaches a limit, and its fix is promoted', async () => {
  const cli = await serving();
  cli.model.behaviour = { ...cli.model.behaviour, ...sick };
  const planned = await cli.run('plan --model-version v2.3.0');
  expect(planned).toMatchObject({ code: 0 });
  expect(planned.stdout).toContain(told);
  const doctor = await cli.run('doctor');
  expect(doctor).toMatchObject({ code: 0 });
  expect(doctor.stdout).toContain(told);
  const deployed = await cli.run('deploy --model-version v2.3.0');
  expect(deployed.stderr).toContain(`preflight, guardrails: ${told}`);
  expect(deployed.code).toBe(0);
});

it('a champion within its limits is not mentioned', async () => {
  const cli = await serving();
  for (const words of ['plan --model-version v2.3.0', 'doctor', 'deploy --model-version v2.3.0']) {
    const { stdout, stderr } = await cli.run(words);
    expect(stdout + stderr).not.toContain('already breaches');
  }
});

it('config show and doctor say that endpointErrorsPerMinute is deprecated, where it is set', async () => {
  const words = 'guardrails.endpointErrorsPerMinute is deprecated';
  const cli = cliWorld(`${projectConfig}guardrails: { endpointErrorsPerMinute: 10 }\n`);
  await cli.register('v2.2.0');
  for (const command of ['config show', 'doctor']) {
    const { stdout, stderr } = await cli.run(command);
    expect(stdout + stderr).toContain(words);
  }
  const { stdout, stderr } = await cliWorld().run('config show');
  expect(stdout + stderr).not.toContain(words);
});
