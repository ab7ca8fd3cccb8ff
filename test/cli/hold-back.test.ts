import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/domain/journal.ts';
import { type CliWorld, projectConfig, serving } from '../support/cli-world.ts';

/* Some users keep the champion until the last bake of a canary is over, and the challenger is compared with them. */

const words = '--model-version v2.3.0';
const held = projectConfig.replace('canary: {', 'canary: { holdBack: 2%,');

const sharesOf = async (cli: CliWorld, more: string): Promise<readonly number[]> => {
  const { plan } = await cli.ask(`plan ${words} ${more}`);
  return (plan as { steps: readonly { kind: string; percent?: number }[] }).steps.flatMap((step) =>
    step.kind === 'bake' && step.percent !== undefined ? [step.percent] : [],
  );
};

const began =
  (percent: number) =>
  (entry: Entry): boolean =>
    entry.kind === 'observed' && entry.observations.at(-1)?.plannedPercent === percent;

describe('a canary that holds users back', () => {
  it.each<[string, string, readonly number[]]>([
    ['', projectConfig, [10, 50]],
    ['--hold-back 2%', projectConfig, [10, 50, 98]],
    ['--hold-back 5 --steps 10,100', projectConfig, [10, 95]],
    ['--hold-back 2.5 --steps 1,97.5', projectConfig, [1, 97.5]],
    ['', held, [10, 50, 98]],
    ['--hold-back 3%', held, [10, 50, 97]],
    ['--hold-back off', held, [10, 50]],
  ])('bakes last at all others: %s', async (more, config, shares) => {
    expect(await sharesOf(await serving(config), more)).toEqual(shares);
  });

  it('says so in its plan, and promotes everybody without another bake', async () => {
    const cli = await serving(held);
    const { stdout } = await cli.run(`plan ${words}`);
    expect(stdout).toContain('last: 2 % stay with v2.2.0; promotes as soon as it is shown no worse');
    expect(stdout).not.toContain('has no champion beside it');
    const ran = await cli.run(`deploy ${words} --quiet`);
    expect(ran.code).toBe(0);
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0', rollout: null });
    expect(cli.model.alias().target.weights).toEqual({});
  });

  it('goes back where the challenger is worse than those held back, below every limit', async () => {
    const cli = await serving(held);
    cli.when(began(98), () => {
      cli.model.behaviour['v2.3.0'] = { errors: 0.04, latencyMs: 20 };
    });
    const ran = await cli.run(`deploy ${words} --bake 10m --quiet`);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toMatch(
      /challenger requests failed \(4 %\), champion .* not explained by which users it got/,
    );
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it.each<[string, string]>([
    ['--hold-back 1%', 'is not between 2 and 5 %'],
    ['--hold-back 6', 'is not between 2 and 5 %'],
    ['--hold-back none', "'none' is not a share of traffic"],
    ['--hold-back 2% --steps 10,99', 'leave no room to hold 2 % back'],
    ['--hold-back 2% --strategy blue-green', '--hold-back means nothing to blue-green'],
    ['--hold-back 2% --strategy shadow', '--hold-back means nothing to shadow'],
    ['--hold-back off --strategy all-at-once', '--hold-back means nothing to all-at-once'],
  ])('refuses %s', async (more, said) => {
    const ran = await (await serving(projectConfig)).run(`plan ${words} ${more}`);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(said);
  });
});
