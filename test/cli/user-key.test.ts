import { describe, expect, it } from 'vitest';
import { serving } from '../support/cli-world.ts';

const trouble =
  "the router takes the user's id from customerId (MLREG_USER_KEY of recommendation-inference-dev), but requests.userKey in mlreg.yaml is userId";

describe('where a request names its user', () => {
  it('is told by doctor and deploy where the function and mlreg.yaml differ', async () => {
    const cli = await serving();
    cli.model.publishAs('$LATEST', { MLREG_USER_KEY: 'customerId' });
    const { code, stdout } = await cli.run('doctor');
    expect(code).not.toBe(0);
    expect(stdout).toContain(trouble);
    expect(stdout).toMatch(
      /set MLREG_USER_KEY to userId on \S+, or requests.userKey to customerId in mlreg.yaml/,
    );
    const deployed = await cli.run('deploy --model-version v2.3.0');
    expect(deployed.code).toBe(0);
    expect(deployed.stderr).toContain(`preflight, user id: ${trouble}`);
  });

  it.each([
    ['the function says the same', { MLREG_USER_KEY: 'userId' }],
    ['the function says nothing, and mlreg.yaml has the default', {}],
  ])('is no news where %s', async (_what, variables) => {
    const cli = await serving();
    cli.model.publishAs('$LATEST', variables);
    expect((await cli.run('doctor')).stdout).not.toContain('user id');
  });
});
