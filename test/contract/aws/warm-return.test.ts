import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { expect, it } from 'vitest';
import { versionTag } from '../../../src/domain/units.ts';
import { createWarmKeeper } from '../../../src/runner/keep-warm.ts';
import { warmingRequests } from '../../../src/engine/warmth.ts';
import { failure } from '../../unit/local-aws/core/clients.ts';
import { type Stack, stack } from './stack.ts';

const coldStartMs = 6_000;
const perSecond = 40;
const latencyMs = 100;

interface Felt {
  readonly requests: number;
  readonly failed: number;
  /** Answered, but only after an environment had started. */
  readonly waited: number;
}

async function made(): Promise<Stack> {
  const found = await stack({
    settings: { settings: { endpointIdleMs: 10_000, endpointColdStartMs: coldStartMs } },
    sagemaker: {
      roleArn: 'arn:aws:iam::000000000000:role/models',
      image: 'image',
      memoryMb: 2048,
      maxConcurrency: 20,
      environment: {},
    },
  });
  const { answer } = found.containers;
  found.containers.answer = async (spec, request) => {
    await new Promise<void>((resolve) => void found.clock.at(found.clock.now() + latencyMs, resolve));
    return answer(spec, request);
  };
  for (const name of ['old', 'new']) {
    const version = versionTag(name === 'old' ? 'v1.0.0' : 'v2.0.0');
    await found.platform.ensureEndpoint({
      endpoint: name,
      version,
      artifactUri: 's3://b/k',
      artifactDigest: 'ab'.repeat(32),
    });
  }
  await found.clock.advance(3_000);
  return found;
}

/** Users at 40 requests a second, until the time is over or the work is done. */
async function users(
  { clock, clients }: Stack,
  endpoint: string,
  until: number | Promise<unknown>,
  { under, beat = () => undefined }: { readonly under: Promise<void>[]; readonly beat?: () => void },
): Promise<Felt> {
  const runtime = clients.of(SageMakerRuntimeClient, { maxAttempts: 1 });
  const felt = { requests: 0, failed: 0, waited: 0 };
  let over = false;
  if (typeof until !== 'number') void until.finally(() => (over = true));
  const end = clock.now() + (typeof until === 'number' ? until : Number.POSITIVE_INFINITY);
  while (!over && clock.now() < end) {
    beat();
    const begun = clock.now();
    felt.requests++;
    under.push(
      failure(
        runtime.send(new InvokeEndpointCommand({ EndpointName: endpoint, Body: Buffer.from('{}') })),
      ).then(({ name }) => {
        if (name !== 'fulfilled') felt.failed++;
        else if (clock.now() - begun >= coldStartMs) felt.waited++;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1_000 / perSecond);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return felt;
}

const load = { inFlight: (perSecond * latencyMs) / 1_000, most: 20 };

/** Promotes, waits, and rolls back. @returns what users feel in the ten seconds after each move */
async function promotedAndBack(warm: boolean): Promise<{ readonly promoted: Felt; readonly back: Felt }> {
  const found = await made();
  const { platform, port: clock } = found;
  const under: Promise<void>[] = [];
  const keeper = createWarmKeeper({
    platform: { ...platform, load: async () => load },
    clock: { now: () => clock.now(), sleepUntil: () => new Promise(() => undefined) },
    everyMs: 3_000,
  });
  const prepare = (endpoint: string): Promise<unknown> =>
    platform.warmEndpoint(endpoint, warmingRequests(load, 0, 1));
  const keep = (): void => {
    if (warm) keeper.keep({ endpoint: 'old', present: 0, endpoints: ['old', 'new'] });
  };
  try {
    await users(found, 'old', prepare('old'), { under });
    if (warm) await users(found, 'old', prepare('new'), { under });
    const promoted = await users(found, 'new', 10_000, { under, beat: keep });
    await users(found, 'new', 60_000, { under, beat: keep });
    const back = await users(found, 'old', 7_000, { under });
    // Those under way end without new ones.
    for (let waited = 0; waited < coldStartMs + 1_000; waited += 25) {
      await found.clock.advance(25);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(under);
    return { promoted, back };
  } finally {
    await found.local.stop();
  }
}

it('without warming a promotion and a return fail most users', { timeout: 300_000 }, async () => {
  const { promoted, back } = await promotedAndBack(false);
  expect(back.requests).toBe(280);
  expect(back.failed).toBeGreaterThan(200);
  expect(back.waited).toBe(20);
  expect(promoted.failed).toBeGreaterThan(0);
});

it('warmed and kept warm, no user fails and nobody waits for a start', { timeout: 300_000 }, async () => {
  const { promoted, back } = await promotedAndBack(true);
  expect(promoted).toEqual({ requests: 400, failed: 0, waited: 0 });
  expect(back).toEqual({ requests: 280, failed: 0, waited: 0 });
});
