import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation } from '../../src/domain/observation.ts';
import { instant } from '../../src/domain/units.ts';
import type { MetricsQuery } from '../../src/ports/index.ts';
import { cliWorld, type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

interface Traffic {
  readonly known: number;
  readonly anonymous: number;
  /** Requests of the heaviest of 16 strata; the others share the rest. */
  readonly heaviest?: number;
}

/** Each tick shows so many requests, all of them the champion's. */
function shows(cli: CliWorld, { known, anonymous, heaviest = known / 16 }: Traffic): void {
  const strata = {
    requests: Array.from({ length: 16 }, (_, k) => (k === 3 ? heaviest : (known - heaviest) / 15)),
    errors: new Array<number>(16).fill(0),
  };
  const arm = (requests: number): ArmTick => ({ requests, errors: 0, throttles: 0 });
  cli.model.reading = ({ from, to, tickMs, plannedPercent, challenger }: MetricsQuery) => ({
    kind: 'read',
    observations: Array.from(
      { length: Math.round((to - from) / tickMs) },
      (_, i): Observation => ({
        at: instant(from + (i + 1) * tickMs),
        tickMs,
        plannedPercent: Number(plannedPercent),
        champion: { ...arm(known), ...(known > 0 && { strata }) },
        challenger: challenger === null ? null : arm(0),
        anonymous: arm(anonymous),
      }),
    ),
  });
}

const noIds = { known: 0, anonymous: 40 };
const few = { known: 10, anonymous: 30 };
const oneId = { known: 100, anonymous: 0, heaviest: 70 };

describe('requests that carry no user id', () => {
  it('are what doctor names where there are no others', async () => {
    const cli = await serving();
    shows(cli, noIds);
    const { code, stdout } = await cli.run('doctor');
    expect(code).not.toBe(0);
    expect(stdout).toContain(
      '100 % of the requests carry no user id where requests.userKey says (userId): the champion answers them, and they are not compared',
    );
    expect(stdout).toContain("try: send the user's id as userId");
    expect(stdout).not.toContain('send traffic first');
  });

  it('are told by doctor, and no fault, where some have one', async () => {
    const cli = await serving();
    shows(cli, few);
    const { code, stdout } = await cli.run('doctor');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/! users +75 % of the requests carry no user id/),
    ]);
  });

  it('are told by the plan', async () => {
    const cli = await serving();
    shows(cli, noIds);
    expect((await cli.run('plan --model-version v2.3.0')).stdout).toContain(
      '100 % of the requests carry no user id',
    );
  });

  it('are what a hold names', async () => {
    const cli = await serving();
    shows(cli, noIds);
    const { code, stdout, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(3);
    expect(`${stdout}${stderr}`).toContain('100 % of requests carry no user id');
  });
});

describe('one id that makes most of the traffic', () => {
  it('is told by doctor', async () => {
    const cli = await serving();
    shows(cli, oneId);
    const { code, stdout } = await cli.run('doctor');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/! users +one user id, or a few, make 70 % of the requests/),
    ]);
  });

  it('is told by the plan', async () => {
    const cli = cliWorld();
    await cli.register('v2.2.0', {
      status: 'champion',
      statusAt: instant(cli.clock.now() - 3_600_000),
      functionVersion: '7',
      endpoint: { name: 'recommendation-dev-v2-2-0-76322e32', generation: 1 },
    });
    await cli.register('v2.3.0');
    const slow = [0, 0];
    cli.userCounts = async () => ({
      kind: 'read',
      counts: { id: [3, 17], requests: [700, 300], errors: [0, 0], slow50: slow, slow95: slow, slow99: slow },
    });
    expect((await cli.run('plan --model-version v2.3.0')).stdout).toContain(
      'one user id, or a few, make 70 % of the requests',
    );
  });
});

it('nothing is told where users are as they should be, or are not told apart', async () => {
  const cli = await serving();
  shows(cli, { known: 100, anonymous: 5 });
  expect((await cli.run('doctor')).stdout).not.toMatch(/user id/);
  const weighted = await serving(`${projectConfig}routing: weighted\n`);
  shows(weighted, noIds);
  expect((await weighted.run('doctor')).stdout).not.toMatch(/user id/);
});
