import { expect, it } from 'vitest';
import { projectConfig, serving } from '../support/cli-world.ts';

const config = `${projectConfig}  local: { sagemaker: { image: "local://python3 serve.py" } }\n`;
const trouble = {
  what: 'there is no program python3 in PATH (/usr/bin)',
  mend: 'install python3, or put its folder into PATH',
};

it.each(['deploy --model-version v2.3.0', 'plan --model-version v2.3.0', 'validate v2.3.0', 'doctor'])(
  '%s tells of a model server that can not run, before anything is created',
  async (words) => {
    const cli = await serving(config);
    cli.imageTrouble = trouble;
    const { code, stderr, stdout } = await cli.run(`${words} -e local`);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(trouble.what);
    expect(stdout + stderr).toContain(trouble.mend);
    expect(await cli.store.rollouts()).toEqual([]);
    expect(cli.model.endpoints.size).toBe(1);
  },
);

it('an environment without a model server is told so, with what to write', async () => {
  const cli = await serving(`${projectConfig}  local: {}\n`);
  const { code, stderr } = await cli.run('deploy --model-version v2.3.0 -e local');
  expect(code).toBe(2);
  expect(stderr).toContain('set environments.local.sagemaker.image in mlreg.yaml');
});

it('an unclosed quote is a mistake of mlreg.yaml', async () => {
  const cli = await serving(config.replace('python3 serve.py', "python3 'serve.py"));
  const { code, stderr } = await cli.run('plan --model-version v2.3.0 -e local');
  expect(code).toBe(2);
  expect(stderr).toContain('a quote of this command is not closed');
});
