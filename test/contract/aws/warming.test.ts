import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import { warmingTag } from '../../../src/aws/sagemaker-warm.ts';
import { createWarmingLog } from '../../../src/aws/warming-log.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import { functionName, type Stack, stack } from './stack.ts';

const endpoint = 'recommendation-prod-v1';
const version = versionTag('v1.0.0');
const digest = 'ab'.repeat(32);

/** An endpoint in service whose model server takes six seconds to start, and 100 ms for a request. */
async function served(
  maxConcurrency = 5,
): Promise<Stack & { readonly warming: ReturnType<typeof createWarmingLog> }> {
  const warming = createWarmingLog();
  const made = await stack({
    warming,
    smokeRequests: [{ body: '{"userId":"a"}' }],
    settings: { settings: { endpointIdleMs: 10_000, endpointColdStartMs: 6_000 } },
    sagemaker: {
      roleArn: 'arn:aws:iam::000000000000:role/models',
      image: 'image',
      memoryMb: 2048,
      maxConcurrency,
      environment: {},
    },
  });
  const { answer } = made.containers;
  made.containers.answer = async (spec, request) => {
    await new Promise<void>((resolve) => void made.clock.at(made.clock.now() + 100, resolve));
    return answer(spec, request);
  };
  await made.platform.ensureEndpoint({ endpoint, version, artifactUri: 's3://b/k', artifactDigest: digest });
  await made.clock.advance(3_000);
  return { ...made, warming };
}

/** Lets time pass until it is done. */
async function passing<T>({ clock }: Stack, work: Promise<T>): Promise<T> {
  let over = false;
  void work.finally(() => (over = true)).catch(() => undefined);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!over) await clock.advance(100);
  }
  return work;
}

describe('warming an endpoint', () => {
  let made: Awaited<ReturnType<typeof served>>;
  afterEach(() => made.local.stop());
  const counts = () => made.local.endpointCounts().get(endpoint);

  it('starts as many environments as are asked for, at once, with a tag', async () => {
    made = await served();
    const attributes: unknown[] = [];
    const { answer } = made.containers;
    made.containers.answer = (spec, request) => {
      attributes.push(request.customAttributes);
      return answer(spec, request);
    };
    const begun = made.clock.now();
    expect(await passing(made, made.platform.warmEndpoint(endpoint, 4))).toEqual({
      requests: 4,
      warm: 4,
      throttled: false,
    });
    expect(made.clock.now() - begun).toBeLessThan(7_000);
    expect(counts()).toEqual({ environments: 4, busy: 0, coldStarts: 3, throttled: 0 });
    expect(attributes).toEqual(Array(4).fill(warmingTag));
  });

  it('is no more than one request each where they are warm', async () => {
    made = await served();
    await passing(made, made.platform.warmEndpoint(endpoint, 4));
    const begun = made.clock.now();
    await passing(made, made.platform.warmEndpoint(endpoint, 4));
    expect(made.clock.now() - begun).toBeLessThan(1_000);
    expect(counts()).toMatchObject({ environments: 4, coldStarts: 3 });
  });

  it('tries nothing again where SageMaker throttles', async () => {
    made = await served(2);
    const asked = made.asked.length;
    expect(await passing(made, made.platform.warmEndpoint(endpoint, 4))).toEqual({
      requests: 4,
      warm: 2,
      throttled: true,
    });
    expect(made.asked.length - asked).toBe(4);
  });

  it('counts as warm what the model refuses', async () => {
    made = await served();
    made.containers.answer = async () => ({
      status: 400,
      body: Buffer.from('no'),
      contentType: 'text/plain',
      customAttributes: undefined,
    });
    expect(await passing(made, made.platform.warmEndpoint(endpoint, 2))).toMatchObject({ warm: 2 });
  });

  it.each([
    ['a missing endpoint', 'elsewhere', () => undefined],
    [
      'a missing permission',
      endpoint,
      () => made.local.inject({ deny: { 'sagemaker:InvokeEndpoint': true } }),
    ],
  ])('throws at %s', async (_what, name, spoil) => {
    made = await served();
    spoil();
    await expect(passing(made, made.platform.warmEndpoint(name, 2))).rejects.toThrow(
      /sagemaker:InvokeEndpoint|not found/,
    );
  });

  it.each(['weighted', 'sticky'] as const)(
    'leaves no trace in what the judge of a %s rollout reads',
    async (routing) => {
      made = await served();
      const { clock } = made;
      const bad = {
        status: 500,
        body: Buffer.from('no'),
        contentType: 'text/plain',
        customAttributes: undefined,
      };
      const { answer } = made.containers;
      made.containers.answer = (spec, request) =>
        request.customAttributes === warmingTag ? Promise.resolve(bad) : answer(spec, request);
      const from = Math.ceil(clock.now() / 60_000) * 60_000;
      await clock.advance(from - clock.now());
      await passing(made, made.platform.smoke(endpoint));
      await passing(made, made.platform.warmEndpoint(endpoint, 4));
      await passing(made, made.platform.smoke(endpoint));
      const read = (warming?: typeof made.warming) =>
        createMetrics({
          clients: made.clients,
          environment: 'prod',
          model: 'recommendation',
          routing,
          functionName,
          alias: 'live',
          now: () => clock.now(),
          ...(warming === undefined ? {} : { warming }),
        }).read({
          champion: { version, endpoint, functionVersion: '1' },
          challenger: null,
          from: instant(from),
          to: instant(from + 60_000),
          tickMs: 60_000,
          plannedPercent: 0,
        });
      await clock.advance(60_000);
      const seen = async (warming?: typeof made.warming) => {
        const reading = await read(warming);
        if (reading.kind !== 'read') throw new Error(reading.why);
        return reading.observations[0]?.champion;
      };
      expect(await seen()).toMatchObject(
        routing === 'weighted' ? { requests: 6, errors: 4, endpointErrors: 4 } : { endpointErrors: 4 },
      );
      expect(await seen(made.warming)).toMatchObject(
        routing === 'weighted' ? { requests: 2, errors: 0, endpointErrors: 0 } : { endpointErrors: 0 },
      );
    },
  );
});

describe('the load', () => {
  it('is rate x latency in the busiest time, and no more than what an endpoint may have', async () => {
    const made = await served(7);
    try {
      made.local.inject({ endpoints: { coldStartMs: 0 } });
      const { clock, platform } = made;
      await clock.advance(60_000 - (clock.now() % 60_000));
      expect(await platform.load([endpoint])).toEqual({ inFlight: 0, most: 7 });
      await passing(made, platform.smoke(endpoint));
      await platform.warm('1', 30);
      expect(await platform.load([endpoint])).toEqual({ inFlight: (30 / 60_000) * 100, most: 7 });
      expect(await platform.load([endpoint, 'unknown'])).toMatchObject({ inFlight: 0.05 });
      await clock.advance(20 * 60_000);
      expect(await platform.load([endpoint])).toMatchObject({ inFlight: 0 });
    } finally {
      await made.local.stop();
    }
  });
});
