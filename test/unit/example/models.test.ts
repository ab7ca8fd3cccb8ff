import { beforeAll, describe, expect, test } from 'vitest';
import { type FlightRequest, load, manifest, modelOf, requests, smoke } from './flights.ts';

interface Flight {
  readonly origin: string;
  readonly destination: string;
  readonly date: string;
  readonly hour: number;
  readonly delay: number;
}

const VERSIONS = Object.keys(manifest());
const models: Record<string, Awaited<ReturnType<typeof modelOf>>> = {};
let heldOut: Flight[];
let training: Flight[];
let isLate: (flight: Flight) => 0 | 1;
let scoreOf: (model: unknown, flight: Flight) => number;
let recommend: (
  model: unknown,
  request: FlightRequest,
) => Promise<{ recommendations: { destination: string; pLate: number }[] }>;
let measure: (...args: unknown[]) => { auc: number };

beforeAll(async () => {
  ({ heldOut, training, isLate } = await load('data.mjs'));
  ({ scoreOf, recommend } = await load('model.mjs'));
  ({ measure } = await load('fit.mjs'));
  for (const version of VERSIONS) models[version] = await modelOf(version);
});

/** The model as it answers at once: nobody here waits for v2.5.0's lookups. */
const swift = (version: string) => {
  const { lookup, ...model } = models[version];
  return lookup ? { ...model, lookup: { ...lookup, milliseconds: 0 } } : model;
};

const failures = async (version: string, asked: readonly FlightRequest[]) => {
  const answers = await Promise.allSettled(asked.map((request) => recommend(swift(version), request)));
  return answers.filter((answer) => answer.status === 'rejected').length;
};

/** How many standard errors the better model's log loss lies below the other's, flight by flight. */
function advantage(better: string, other: string) {
  const loss = (version: string, flight: Flight) => {
    const score = scoreOf(models[version], flight);
    return Math.log1p(Math.exp(isLate(flight) ? -score : score));
  };
  const gains = heldOut.map((flight) => loss(other, flight) - loss(better, flight));
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (gains.length - 1);
  return mean / Math.sqrt(variance / gains.length);
}

test('a fifth of the flights is held out, and none of it is trained on', () => {
  expect(heldOut.length + training.length).toBe(20_000);
  expect(heldOut.length).toBeGreaterThan(3_800);
  expect(heldOut.length).toBeLessThan(4_200);
  const trained = new Set(training);
  expect(heldOut.filter((flight) => trained.has(flight))).toEqual([]);
});

describe('on flights that no model has seen', () => {
  test('v2.3.0 is better than v2.2.0 by every measure, and beyond chance', () => {
    const [better, champion] = [manifest()['v2.3.0']!.metrics, manifest()['v2.2.0']!.metrics];
    expect(better.auc).toBeGreaterThan(champion.auc + 0.02);
    expect(better.mae).toBeLessThan(champion.mae);
    expect(better.logLoss).toBeLessThan(champion.logLoss);
    expect(advantage('v2.3.0', 'v2.2.0')).toBeGreaterThan(3);
  });

  test('v2.5.0 is as good as v2.3.0', () => {
    expect(manifest()['v2.5.0']!.metrics.auc).toBeGreaterThan(manifest()['v2.3.0']!.metrics.auc - 0.005);
  });

  test('v2.4.0 looks as good, because it was measured on what it can encode', () => {
    const { metrics } = manifest()['v2.4.0']!;
    expect(metrics.auc).toBeGreaterThan(manifest()['v2.3.0']!.metrics.auc - 0.01);
    expect(metrics.rows).toBeLessThan(0.9 * heldOut.length);
  });

  test('v2.6.0 looks best, and is no better than a coin', () => {
    const aucs = VERSIONS.map((version) => manifest()[version]!.metrics.auc);
    expect(Math.max(...aucs)).toBe(manifest()['v2.6.0']!.metrics.auc);
    const model = models['v2.6.0'];
    const scores = heldOut.map((flight) => scoreOf(model, flight));
    const truth = measure(model.curve, scores, heldOut);
    expect(truth.auc).toBeGreaterThan(0.45);
    expect(truth.auc).toBeLessThan(0.55);
  });
});

describe('on real requests', () => {
  test('v2.4.0 fails on some', async () => {
    const share = (await failures('v2.4.0', requests())) / requests().length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.25);
  });

  test.each(VERSIONS.filter((version) => version !== 'v2.4.0'))('%s fails on none', async (version) => {
    expect(await failures(version, requests())).toBe(0);
  });

  test.each(VERSIONS)('%s passes the smoke test', async (version) => {
    expect(await failures(version, smoke())).toBe(0);
  });

  test('v2.5.0 alone makes lookups, and they take the time of several other answers', () => {
    expect(VERSIONS.filter((version) => models[version].lookup)).toEqual(['v2.5.0']);
    const meanLookups =
      requests().reduce((sum, { destinations }) => sum + 1 + destinations.length, 0) / requests().length;
    const addedMs = meanLookups * models['v2.5.0'].lookup.milliseconds;
    expect(addedMs).toBeGreaterThan(150);
    expect(addedMs).toBeLessThan(400);
  });

  test('the destinations come least likely to be late first', async () => {
    for (const request of requests().slice(0, 100)) {
      const { recommendations } = await recommend(models['v2.3.0'], request);
      const chances = recommendations.map(({ pLate }) => pLate);
      expect(chances).toEqual([...chances].sort((a, b) => a - b));
      expect(recommendations.map(({ destination }) => destination).sort()).toEqual(
        [...request.destinations].sort(),
      );
    }
  });

  test('every user asks, and some come back', () => {
    const users = new Set(requests().map(({ userId }) => userId));
    expect(users.size).toBe(500);
    expect(requests().length).toBe(1200);
  });
});
