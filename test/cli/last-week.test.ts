import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { type CliWorld, serving } from '../support/cli-world.ts';

/* With everybody on the challenger nobody serves beside it: its errors are held against the same hours of the last seven days. */

const words = '--model-version v2.3.0 --steps 10,100 --bake 15m --tick 10s';
const dayMs = 86_400_000;

/** The champion has served for so long. */
async function after(days: number): Promise<CliWorld> {
  const cli = await serving();
  cli.clock.advance(days * dayMs);
  return cli;
}

const everybody = (entry: Entry): boolean =>
  entry.kind === 'observed' && entry.observations.at(-1)?.plannedPercent === 100;

const worseAt100 = async (cli: CliWorld) => {
  cli.when(everybody, () => {
    cli.model.behaviour['v2.3.0'] = { errors: 0.02, latencyMs: 20 };
  });
  return cli.run(`deploy ${words} --quiet`);
};

describe('a challenger that is worse with everybody only, below every limit', () => {
  it('goes back by what the champion never showed at this time of day in the last week', async () => {
    const cli = await after(8);
    const { stdout } = await cli.run(`plan ${words}`);
    expect(stdout).toContain(
      "there the guardrails guard, and errors beyond the champion's worst of the same hours in the last seven days",
    );
    const ran = await worseAt100(cli);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain(
      'the champion’s worst ten minutes around this time of day in the last seven days',
    );
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it('is promoted where the champion has not served for long enough to know', async () => {
    const cli = await after(5);
    const { stdout } = await cli.run(`plan ${words}`);
    expect(stdout).toContain('there only the guardrails guard');
    expect((await worseAt100(cli)).code).toBe(0);
  });

  it('is compared with no week where users are held back, and no bake is at 100 %', async () => {
    const cli = await after(8);
    const { plan } = await cli.ask(`plan ${words} --hold-back 2%`);
    expect((plan as { policy: object }).policy).not.toHaveProperty('lastWeek');
  });

  it('is said, and no obstacle, where that week can’t be read', async () => {
    const cli = await after(8);
    cli.model.reading = ({ tickMs }) =>
      tickMs === 600_000
        ? { kind: 'unreadable', why: 'throttled', denied: false }
        : { kind: 'read', observations: [] };
    const ran = await cli.run(`plan ${words}`);
    expect(ran.code).toBe(0);
    expect(ran.stdout + ran.stderr).toContain("the champion's last week can't be read (throttled)");
  });
});
