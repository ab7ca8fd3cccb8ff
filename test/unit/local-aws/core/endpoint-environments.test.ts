import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  type ProductionVariantServerlessConfig,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describe, expect, it } from 'vitest';
import { type Bench, bench } from './bench.ts';
import { clients, failure } from './clients.ts';

interface Served {
  readonly made: Bench;
  /** Sends so many requests at once. @returns for each, milliseconds until its answer, or the error's name */
  ask(count: number, forMs?: number): Promise<readonly (number | string)[]>;
  counts(): unknown;
}

/** An endpoint in service whose model server takes six seconds to start, and half a second for a request. */
async function served(
  serverless: Partial<ProductionVariantServerlessConfig> = {},
  settings: { endpointColdStartMs?: number; endpointIdleMs?: number } = { endpointIdleMs: 10_000 },
): Promise<Served> {
  const made = bench({ settings: { endpointCreatingMs: 0, ...settings } });
  const { clock, containers, local } = made;
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.at(clock.now() + ms, resolve));
  containers.boot = () => wait(6_000);
  const { answer } = containers;
  containers.answer = async (spec, request) => {
    await wait(500);
    return answer(spec, request);
  };
  const { sagemaker, runtime } = clients(local);
  await sagemaker.send(new CreateModelCommand({ ModelName: 'm', PrimaryContainer: { Image: 'image' } }));
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'c',
      ProductionVariants: [
        {
          VariantName: 'v',
          ModelName: 'm',
          ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 3, ...serverless },
        },
      ],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'e', EndpointConfigName: 'c' }));
  await clock.advance(6_000);
  return {
    made,
    counts: () => local.endpointCounts().get('e'),
    async ask(count, forMs = 60_000) {
      const begun = clock.now();
      const all = Array.from({ length: count }, async () => {
        const ended = await failure(
          runtime.send(new InvokeEndpointCommand({ EndpointName: 'e', Body: Buffer.from('{}') })),
        );
        return ended.name === 'fulfilled' ? clock.now() - begun : ended.name;
      });
      await new Promise((resolve) => setImmediate(resolve));
      for (let waited = 0; waited < forMs; waited += 500) {
        await clock.advance(500);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return Promise.all(all);
    },
  };
}

describe('the environments of a serverless endpoint', () => {
  it('serve one request each, and one that finds none idle waits for as long as the model server starts', async () => {
    const { ask, counts } = await served();
    expect(await ask(2, 7_000)).toEqual([500, 6_500]);
    expect(counts()).toEqual({ environments: 2, busy: 0, coldStarts: 1, throttled: 0 });
    expect(await ask(2, 1_000)).toEqual([500, 500]);
  });

  it('beyond MaxConcurrency throttle, and count starts under way', async () => {
    const { ask, counts } = await served();
    expect(await ask(5, 7_000)).toEqual([500, 6_500, 6_500, 'ThrottlingException', 'ThrottlingException']);
    expect(counts()).toEqual({ environments: 3, busy: 0, coldStarts: 2, throttled: 2 });
  });

  it('are gone after being idle', async () => {
    const { made, ask, counts } = await served();
    await made.clock.advance(9_000);
    expect(await ask(1, 1_000)).toEqual([500]);
    await made.clock.advance(10_000);
    expect(counts()).toEqual({ environments: 0, busy: 0, coldStarts: 0, throttled: 0 });
    expect(await ask(1, 7_000)).toEqual([6_500]);
  });

  it('stay where they are provisioned', async () => {
    const { made, ask, counts } = await served({ ProvisionedConcurrency: 2 });
    await made.clock.advance(3_600_000);
    expect(counts()).toMatchObject({ environments: 2 });
    expect(await ask(3, 7_000)).toEqual([500, 500, 6_500]);
    await made.clock.advance(3_600_000);
    expect(counts()).toMatchObject({ environments: 2 });
  });

  it('take the configured time on top, which may be set while they serve', async () => {
    const { made, ask } = await served({}, { endpointColdStartMs: 1_000, endpointIdleMs: 10_000 });
    expect(await ask(2, 8_000)).toEqual([500, 7_500]);
    made.local.inject({ endpoints: { coldStartMs: 2_500, idleMs: 1_000 } });
    await made.clock.advance(1_000);
    expect(await ask(1, 10_000)).toEqual([9_000]);
    made.local.inject({ reset: true });
    await made.clock.advance(10_000);
    expect(await ask(1, 8_000)).toEqual([7_500]);
  });
});
