import { describe, expect, it } from 'vitest';
import type { ArmTick, Observation, Reading } from '../../../src/domain/observation.ts';
import { instant, versionTag } from '../../../src/domain/units.ts';
import { observe, type Watched } from '../../../src/monitor/observe.ts';
import type { MetricsQuery } from '../../../src/ports/index.ts';

const arm = (over: Partial<ArmTick> = {}): ArmTick => ({ requests: 100, errors: 1, throttles: 0, ...over });
const source = (version: string) => ({
  version: versionTag(version),
  endpoint: version,
  functionVersion: undefined,
});
const watched: Watched = {
  champion: source('v1'),
  challenger: source('v2'),
  tickMs: 1_000,
  settleMs: 2_000,
  since: instant(10_000),
  share: { percent: 10, since: instant(5_000), before: 0 },
};
const tick = (at: number, over: Partial<Observation> = {}): Observation => ({
  at: instant(at),
  tickMs: 1_000,
  plannedPercent: 10,
  champion: arm(),
  challenger: arm(),
  ...over,
});

async function look(observations: readonly Observation[], over: Partial<Watched> = {}, now = 15_500) {
  const asked: MetricsQuery[] = [];
  const reading: Reading = { kind: 'read', observations };
  const metrics = {
    read: async (query: MetricsQuery) => {
      asked.push(query);
      return reading;
    },
  };
  return { asked, seen: await observe(metrics, { ...watched, ...over }, instant(now)) };
}

describe('a look at the metrics', () => {
  it('asks for the whole ticks that have settled since the last one', async () => {
    expect((await look([])).asked).toMatchObject([{ from: 10_000, to: 13_000, plannedPercent: 10 }]);
    expect(await look([], {}, 12_999)).toEqual({ asked: [], seen: null });
  });

  it('catches up over several looks', async () => {
    const { asked } = await look([], { since: instant(0) }, 10_000_000);
    expect(asked[0]?.to).toBe(500_000);
  });

  it('counts a failure whose request fell into another tick as a request', async () => {
    const { seen } = await look([tick(11_000, { challenger: arm({ requests: 0, errors: 2 }) })]);
    expect(seen).toMatchObject({ observations: [{ challenger: { requests: 2, errors: 2 } }] });
  });

  it('marks the tick in which the share changed', async () => {
    const share = { percent: 50, since: instant(11_500), before: 10 };
    const { seen } = await look([tick(11_000), tick(12_000), tick(13_000)], { share });
    expect(seen).toMatchObject({
      observations: [
        { plannedPercent: 10 },
        { plannedPercent: 50, straddlesChange: true },
        { plannedPercent: 50 },
      ],
    });
  });
});

/** The journal would keep them, and the judge refuse them at every resume. */
describe('numbers that can’t be are unreadable, and never reach the journal', () => {
  it.each([
    ['no number', [tick(11_000, { challenger: arm({ requests: NaN }) })], 'challenger.requests: NaN'],
    ['less than nothing', [tick(11_000, { champion: arm({ errors: -1 }) })], 'champion.errors: -1'],
    ['endless', [tick(11_000, { champion: arm({ meanLatencyMs: Infinity }) })], 'meanLatencyMs: Infinity'],
    ['twice the same tick', [tick(11_000), tick(11_000)], '11000 does not come after 11000'],
    ['backwards', [tick(12_000), tick(11_000)], '11000 does not come after 12000'],
    ['seen before', [tick(10_000)], 'a tick that ended at 10000, asked for from 10000 on'],
  ])('%s', async (_name, observations, words) => {
    const { seen } = await look(observations);
    expect(seen).toEqual({
      kind: 'unreadable',
      denied: false,
      why: expect.stringContaining(words),
    });
  });
});
