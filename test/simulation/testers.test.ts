import { describe, expect, it } from 'vitest';
import { testersOf } from '../../src/domain/testers.ts';
import { percent, rolloutId } from '../../src/domain/units.ts';
import { drive } from '../../src/runner/drive.ts';
import { start } from '../../src/runner/own.ts';
import { blueGreen } from '../../src/strategies/blue-green.ts';
import { canary } from '../../src/strategies/canary.ts';
import {
  blueGreenSettings,
  canarySettings,
  type ModelWorld,
  modelWorld,
  seedRegistry,
  startOf,
  v22,
  v23,
} from '../support/model-world.ts';
import { post, rig } from '../unit/router/harness.ts';

const never = new AbortController().signal;
const testers = testersOf({ users: ['qa-1'], tokenSha256: null, header: 'x-mlreg-tester' })!;
const home = {
  rollout: 'r-0',
  token: 1,
  champion: { version: v22, endpoint: 'old-endpoint' },
  percent: 0,
  salt: 's',
};
/** What a write of an alias, or of the stage, leads to: the versions that may answer a tester, and one other user. */
interface Answers {
  readonly tester: readonly unknown[];
  readonly other: readonly unknown[];
}

/** Of the router itself, in each Lambda version that the stage's alias may draw. */
async function answersOf(world: ModelWorld): Promise<Answers> {
  const alias = world.stage().alias === 'green' ? 'green' : 'live';
  const { functionVersion, weights } = world.alias(alias).target;
  const ask = async (userId: string): Promise<readonly unknown[]> => {
    const versions = [functionVersion, ...Object.keys(weights)].map(async (version) => {
      const env = {
        ...world.variablesOf(version),
        MLREG_ENVIRONMENT: 'local',
        MLREG_MODEL: 'recommendation',
      };
      const answer = await rig({ env }).handler(post({ userId }));
      return 'headers' in answer ? answer.headers['x-model-version'] : undefined;
    });
    return [...new Set(await Promise.all(versions))].sort();
  };
  return { tester: await ask('qa-1'), other: await ask('u-0') };
}

async function run(plan: ReturnType<typeof canary>, errors: number) {
  const world = modelWorld();
  await seedRegistry(world);
  world.publishAs('7', { MLREG_ROUTE: JSON.stringify(home) });
  world.behaviour[v23] = { errors, latencyMs: 20 };
  const seen: Answers[] = [];
  const { platform } = world.ports;
  const writes = { writeAlias: platform.writeAlias, writeStage: platform.writeStage };
  Object.assign(platform, {
    writeAlias: async (...given: Parameters<typeof platform.writeAlias>) => {
      const written = await writes.writeAlias(...given);
      seen.push(await answersOf(world));
      return written;
    },
    writeStage: async (...given: Parameters<typeof platform.writeStage>) => {
      await writes.writeStage(...given);
      seen.push(await answersOf(world));
    },
  });
  const journal = await start(world.ports, rolloutId('r-1'), { ...startOf(), plan });
  const result = await drive(world.ports, journal, { signal: never });
  return { world, seen, outcome: result.kind === 'ended' ? result.outcome.kind : result.kind };
}

const steps = [0, 10, 50].map(percent);
const plans = (['sticky', 'weighted'] as const).flatMap((routing) => [
  { name: `canary from 0 %, ${routing}`, plan: canary(canarySettings({ routing, testers, steps })), routing },
  { name: `blue-green, ${routing}`, plan: blueGreen(blueGreenSettings({ routing, testers })), routing },
]);

describe.each(plans)('a tester in a $name', ({ plan, routing }) => {
  it('has the challenger from the first write to the promotion', async () => {
    const { seen, outcome } = await run(plan, 0.001);
    expect(outcome).toBe('succeeded');
    // The write that takes ownership moves nobody.
    const begun = seen.slice(seen.findIndex(({ tester }) => tester.includes(v23)));
    expect(begun.length).toBeGreaterThanOrEqual(3);
    expect(begun.map(({ tester }) => tester)).toEqual(begun.map(() => [v23]));
  });

  it('has the champion again with the write that rolls back, and never the challenger after it', async () => {
    const { seen, outcome } = await run(plan, 0.3);
    expect(outcome).toBe('rolled-back');
    const first = seen.findIndex(({ tester }) => tester.includes(v23));
    expect(first).toBeGreaterThanOrEqual(0);
    const back = seen.findIndex(({ tester }, i) => i > first && !tester.includes(v23));
    expect(seen.slice(first, back).map(({ tester }) => tester)).toEqual(
      seen.slice(first, back).map(() => [v23]),
    );
    for (const { tester } of seen.slice(back)) expect(tester).toEqual([v22]);
  });

  it.runIf(plan.strategy === 'canary')('alone has it at 0 %, and fails no rollout there', async () => {
    const { world, seen } = await run(plan, 1);
    const first = seen.find(({ tester }) => tester.includes(v23));
    expect(first).toEqual({ tester: [v23], other: [v22] });
    const judged = world.entries.flatMap((entry) => (entry.kind === 'observed' ? entry.observations : []));
    expect(judged.every(({ plannedPercent }) => plannedPercent > 0)).toBe(true);
    const step = plan.steps.findIndex((one) => one.kind === 'bake');
    expect(world.entries).toContainEqual(
      expect.objectContaining({
        kind: 'step-done',
        step,
        note: 'testers alone had the challenger; their requests are not judged',
      }),
    );
    if (routing === 'weighted')
      expect(
        world.states
          .filter((state) => state.step === step)
          .map((state) => state.aliases.live?.target.weights),
      ).toContainEqual({});
  });
});
