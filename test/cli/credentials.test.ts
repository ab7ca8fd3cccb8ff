import { describe, expect, it } from 'vitest';
import { instant } from '../../src/domain/units.ts';
import { exitCodeOfOutcome } from '../../src/commands/exit-codes.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

const minutes = 60_000;
/** Credentials that end so long from now. */
const lasting = (cli: CliWorld, ms: number): { readonly env: Record<string, string> } => ({
  env: { AWS_CREDENTIAL_EXPIRATION: new Date(instant(cli.clock.now() + ms)).toISOString() },
});

describe('credentials that expire', () => {
  it('before the plan can end: refused, and nothing was changed', async () => {
    const cli = await serving();
    const ran = await cli.run('deploy --model-version v2.3.0 --bake 30m', lasting(cli, 60 * minutes));
    expect(ran).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(
        'its bakes take 1h, the credentials last 1h, and 10m are kept for the way back',
      ),
    });
    expect(await cli.store.rollouts()).toEqual([]);
  });

  it('while it waits: the way back is taken as long as it is open, and that is no failed gate', async () => {
    const cli = await serving(
      projectConfig
        .replace('approvalTimeout: 2m', 'approvalTimeout: 12h')
        .replace('staging: { approvals: 1 }', 'staging: { approvals: 1, onInterrupt: rollback }'),
    );
    const ran = await cli.run('deploy --model-version v2.3.0 -e staging', lasting(cli, 30 * minutes));
    expect(ran).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('the credentials expire in a few minutes'),
    });
    expect(ran.stderr).toContain('heartbeat');
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('have an exit code of their own', () => {
    const cause = { kind: 'credentials', sentence: 'expired' } as const;
    expect(exitCodeOfOutcome({ kind: 'rolled-back', cause, harmedRequests: 0 })).toBe(4);
  });

  it('of which nobody knows the end are no concern', async () => {
    const cli = await serving();
    const env = { AWS_CREDENTIAL_EXPIRATION: 'soon' };
    expect((await cli.run('deploy --model-version v2.3.0', { env })).code).toBe(0);
  });
});
