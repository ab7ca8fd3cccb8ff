import { expect, it } from 'vitest';
import { postOf } from '../../src/controller/controller-ports.ts';
import { lap } from '../../src/controller/lap.ts';
import type { Lap } from '../../src/controller/watched.ts';
import { later } from '../../src/domain/units.ts';
import type { Connection } from '../../src/app/connection.ts';
import { memorySightings } from '../../src/store/sightings.ts';
import { digestOf, serving } from '../support/cli-world.ts';

it.each([
  { what: 'overwritten', digest: 'ff'.repeat(32), outcome: 'rolled-back', made: false },
  { what: 'as it was registered', digest: digestOf('v2.3.0'), outcome: 'succeeded', made: true },
])(
  'the controller makes an endpoint of an artifact only as it was registered: it is $what',
  async (scene) => {
    const cli = await serving();
    const { digest, outcome, made } = scene;
    cli.controller = { name: 'the controller', dispatch: () => Promise.resolve() };
    expect((await cli.run('deploy --model-version v2.3.0 --detach')).code).toBe(0);
    const endpoints = new Set(cli.model.endpoints.keys());
    cli.artifacts.set('s3://models/v2.3.0.tar.gz', digest);
    const post = postOf({
      connection: {
        ...cli.model.ports,
        artifacts: {
          resolve: (uri: string) => uri,
          digest: (uri: string) => Promise.resolve({ digest: cli.artifacts.get(uri) ?? '', bytes: 1 }),
        },
        outbox: { note: () => undefined },
        sightings: memorySightings(),
      } as unknown as Connection,
      clock: cli.clock,
      ids: cli.model.ports.ids,
      host: 'lambda',
      pid: 1,
      isAlive: () => 'dead',
      config: { sagemaker: { keepWarmMs: null }, keepPreviousMs: 0 } as Parameters<
        typeof postOf
      >[0]['config'],
    });
    let result: Lap | undefined;
    for (let count = 0; count < 300 && result?.kind !== 'ended'; count++) {
      result = await lap(post, true);
      await cli.clock.sleepUntil(later(cli.clock.now(), 1_000));
    }
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: outcome } });
    expect([...cli.model.endpoints.keys()].some((name) => !endpoints.has(name))).toBe(made);
    if (!made) expect(JSON.stringify(result)).toContain('is not the one that was registered');
  },
);
