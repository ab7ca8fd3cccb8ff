import { describe, expect, it } from 'vitest';
import { failed } from '../../../../src/router/classify.ts';
import type { FailureReason, ModelAnswer } from '../../../../src/router/invoke.ts';
import { createShadow } from '../../../../src/router/shadow/handler.ts';
import { memorySeen, type Seen } from '../../../../src/router/shadow/seen.ts';
import { shadowSettings } from '../../../support/model-world.ts';
import { answered, route } from '../harness.ts';

const { comparison } = shadowSettings().setup;
const event = (over: object = {}) => ({
  mlreg: 'shadow',
  rollout: 'r-abc',
  requestId: 'req-1',
  challenger: route.challenger,
  comparison,
  body: '{"userId":"u-1","origin":"EWR","card":"4111"}',
  champion: { answer: Buffer.from('{"items":[{"id":"a"}]}').toString('base64'), latencyMs: 8 },
  ...over,
});

function rig(
  options: {
    answer?: () => ModelAnswer | Promise<ModelAnswer>;
    seen?: Seen;
    env?: Record<string, string>;
  } = {},
) {
  const lines: any[] = [];
  const calls: { endpoint: string; body: string; timeoutMs: number }[] = [];
  let warmed = 0;
  let elapsed = 1_000;
  const handler = createShadow({
    env: options.env ?? { MLREG_ENVIRONMENT: 'prod', MLREG_MODEL: 'recommendation' },
    now: () => 1_790_000_000_000,
    monotonicMs: () => elapsed,
    client: {
      async invoke(endpoint, { body }, timeoutMs) {
        calls.push({ endpoint, body: String(body), timeoutMs });
        elapsed += 20;
        return (options.answer ?? (() => answered('{"items":[{"id":"a"}]}')))();
      },
      async warm() {
        warmed++;
        elapsed += 1_000;
        return true;
      },
    },
    seen: options.seen ?? memorySeen(),
    emit: (line) => lines.push(JSON.parse(line)),
  });
  return { handler, lines, calls, warmed: () => warmed };
}

/** What becomes a metric of a line. */
function metricsOf(line: any): Record<string, number> {
  const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
  expect([Namespace, Dimensions]).toEqual(['Mlreg', [['Environment', 'Model', 'ModelVersion']]]);
  expect(line).toMatchObject({ Environment: 'prod', Model: 'recommendation', ModelVersion: 'v2.3.0' });
  return Object.fromEntries(Metrics.map(({ Name }: { Name: string }) => [Name, line[Name]]));
}

const counts = {
  ShadowRequests: 1,
  ShadowErrors: 0,
  ShadowThrottles: 0,
  ShadowChampionErrors: 0,
  ShadowCompared: 1,
  ShadowDisagreed: 0,
};

describe('a copy', () => {
  it('asks the challenger, and counts for both versions in one line', async () => {
    const { handler, lines, calls } = rig();
    expect(await handler(event())).toEqual({ shadow: 'compared' });
    expect(calls).toEqual([{ endpoint: route.challenger.endpoint, body: event().body, timeoutMs: 10_000 }]);
    expect(lines.map(metricsOf)).toEqual([
      { ...counts, ShadowLatency: 20, ShadowChampionLatency: 8, ShadowDistance: 0 },
    ]);
    expect(lines[0]).toMatchObject({ rolloutId: 'r-abc', requestId: 'req-1', shadow: 'agrees' });
  });

  it('that the challenger answers against the contract is a failure of it', async () => {
    const { handler, lines } = rig({ answer: () => answered('{"error":"CUDA out of memory"}') });
    expect(await handler(event({ answers: { errors: ['/error'] } }))).toEqual({ shadow: 'failed' });
    expect(metricsOf(lines[0])).toEqual({
      ...counts,
      ShadowErrors: 1,
      ShadowCompared: 0,
      ShadowChampionLatency: 8,
    });
    expect(lines[0]).toMatchObject({ shadow: 'failed', failure: 'contract', detail: 'an error at /error' });
    expect(JSON.stringify(lines)).not.toContain('CUDA');
  });

  it('that was answered otherwise is written down with what the allow-list has, and nothing else', async () => {
    const { handler, lines } = rig({ answer: () => answered('{"items":[{"id":"b"}]}') });
    await handler(event({ comparison: { ...comparison, show: ['origin', 'nowhere'] } }));
    expect(metricsOf(lines[0])).toMatchObject({ ShadowDisagreed: 1, ShadowDistance: 1 });
    expect(lines[0]).toMatchObject({
      shadow: 'differs',
      tag: 'mlreg shadow differs r-abc',
      difference: {
        direction: 'other',
        champion: 'a',
        challenger: 'b',
        distance: 1,
        shown: { origin: 'EWR' },
      },
    });
    expect(JSON.stringify(lines)).not.toMatch(/u-1|4111/);
  });

  const failures: readonly FailureReason[] = [
    'model',
    'throttled',
    'not-ready',
    'timeout',
    'refused',
    'unavailable',
  ];
  it.each(failures)('whose challenger fails (%s) is the challenger’s error', async (why) => {
    const { handler, lines } = rig({ answer: () => failed(why, 'detail') });
    expect(await handler(event())).toEqual({ shadow: 'failed' });
    expect(metricsOf(lines[0])).toEqual({
      ...counts,
      ShadowErrors: 1,
      ShadowThrottles: why === 'throttled' ? 1 : 0,
      ShadowCompared: 0,
      ShadowChampionLatency: 8,
    });
    expect(lines[0]).toMatchObject({ shadow: 'failed', failure: why, detail: 'detail' });
  });

  it.each(['<html>', '', '{"items":[]}', 'null'])(
    'whose challenger answers garbage (%s) is its error too',
    async (text) => {
      const { handler, lines } = rig({ answer: () => answered(text) });
      await handler(event());
      expect(metricsOf(lines[0])).toEqual({
        ...counts,
        ShadowErrors: 1,
        ShadowCompared: 0,
        ShadowChampionLatency: 8,
      });
      expect(lines[0]).toMatchObject({ shadow: 'failed', failure: 'garbage' });
    },
  );

  it('whose champion failed compares nothing', async () => {
    const { handler, lines } = rig();
    await handler(event({ champion: { failure: 'timeout' } }));
    expect(metricsOf(lines[0])).toEqual({
      ...counts,
      ShadowChampionErrors: 1,
      ShadowCompared: 0,
      ShadowLatency: 20,
    });
  });

  it('whose champion answers nothing that can be compared blames nobody', async () => {
    const { handler, lines } = rig();
    await handler(event({ champion: { answer: Buffer.from('{}').toString('base64'), latencyMs: 8 } }));
    expect(metricsOf(lines[0])).toMatchObject({ ShadowErrors: 0, ShadowCompared: 0 });
    expect(lines[0]).toMatchObject({
      shadow: 'incomparable',
      detail: "the champion's answer has no class at items.0.id",
    });
  });

  it('leaves time to say what came of it', async () => {
    const { handler, calls } = rig({
      env: { MLREG_ENVIRONMENT: 'e', MLREG_MODEL: 'm', MLREG_INVOKE_TIMEOUT_MS: '2000' },
    });
    await handler(event({ requestId: 'a' }), { getRemainingTimeInMillis: () => 9_000 });
    await handler(event({ requestId: 'b' }), { getRemainingTimeInMillis: () => 900 });
    await handler(event({ requestId: 'c' }), { getRemainingTimeInMillis: () => 100 });
    expect(calls.map(({ timeoutMs }) => timeoutMs)).toEqual([2_000, 400, 1]);
  });
});

describe('a copy that comes again', () => {
  it('is compared once, however often it is delivered', async () => {
    const { handler, lines, calls } = rig();
    const all = ['a', 'a', 'b', 'a', 'b'].map((requestId) => handler(event({ requestId })));
    expect(await Promise.all(all)).toEqual(
      ['compared', 'duplicate', 'compared', 'duplicate', 'duplicate'].map((shadow) => ({ shadow })),
    );
    expect(calls).toHaveLength(2);
    expect(lines.filter(({ ShadowRequests }) => ShadowRequests === 1)).toHaveLength(2);
    expect(lines.filter(({ ShadowDuplicates }) => ShadowDuplicates === 1)).toHaveLength(3);
  });

  it('in another rollout is another copy', async () => {
    const { handler } = rig();
    await handler(event());
    expect(await handler(event({ rollout: 'r-def' }))).toEqual({ shadow: 'compared' });
  });

  it('is dropped where nobody can tell whether it does, and counted as that', async () => {
    const { handler, lines, calls } = rig({ seen: { claim: async () => 'unknown' } });
    expect(await handler(event())).toEqual({ shadow: 'unclaimed' });
    expect(calls).toEqual([]);
    expect(metricsOf(lines[0])).toEqual({ ShadowDropped: 1 });
  });
});

describe('the function', () => {
  it('connects before it measures, once', async () => {
    const { handler, lines, warmed } = rig();
    await handler(event({ requestId: 'a' }));
    await handler(event({ requestId: 'b' }));
    expect([warmed(), lines.map(({ ShadowLatency }) => ShadowLatency)]).toEqual([1, [20, 20]]);
  });

  it('is warmed by a warm-up, which counts nowhere', async () => {
    const { handler, lines, warmed } = rig();
    expect(await handler({ mlreg: 'warm' })).toEqual({ shadow: 'warm' });
    expect([warmed(), lines]).toEqual([1, []]);
  });

  it.each([null, {}, { mlreg: 'else' }, { mlreg: 'shadow' }])('takes no other event: %j', async (other) => {
    await expect(rig().handler(other)).rejects.toThrow("no copy of the router's");
  });

  it('says which variable is missing', async () => {
    await expect(rig({ env: {} }).handler(event())).rejects.toThrow('MLREG_ENVIRONMENT is missing or empty');
  });
});
