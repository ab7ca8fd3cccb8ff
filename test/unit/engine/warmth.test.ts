import { describe, expect, it } from 'vitest';
import { percent } from '../../../src/domain/units.ts';
import { sufferingIn } from '../../../src/engine/suffering.ts';
import {
  environmentsFor,
  growing,
  shareUnder,
  warmedText,
  warmingRequests,
} from '../../../src/engine/warmth.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import type { RolloutState } from '../../../src/engine/state.ts';
import type { Route } from '../../../src/domain/route.ts';
import { v22, v23 } from '../../support/model-world.ts';

const split = (share: number): Route => ({
  kind: 'split',
  champion: v22,
  challenger: v23,
  percent: percent(share),
});
const shadow: Route = { kind: 'shadow', champion: v22, challenger: v23, sample: percent(25) };
const only = (version: typeof v22): Route => ({ kind: 'single', version });
const state = (route: Route | null) =>
  ({ route, plan: { champion: v22, challenger: v23 } }) as unknown as RolloutState;

describe('the environments that a share needs', () => {
  it.each([
    // 40 requests a second of 100 ms: 4 in flight.
    { inFlight: 4, share: 1, most: 20, needs: 13 },
    { inFlight: 4, share: 0.5, most: 20, needs: 9 },
    { inFlight: 4, share: 0.1, most: 20, needs: 4 },
    { inFlight: 0, share: 1, most: 20, needs: 1 },
    { inFlight: 0.01, share: 0.01, most: 20, needs: 2 },
    { inFlight: 100, share: 1, most: 20, needs: 20 },
  ])('$share of $inFlight in flight, at most $most: $needs', ({ inFlight, share, most, needs }) => {
    expect(environmentsFor({ inFlight, most }, share)).toBe(needs);
  });

  it.each([
    { present: 0, next: 1, sent: 13, why: 'nobody is there yet' },
    { present: 0.5, next: 1, most: 30, sent: 13, why: 'both fit: 9 for users and 13' },
    { present: 0.9, next: 1, most: 14, sent: 1, why: 'users have 13 of 14' },
    { present: 0.9, next: 1, most: 5, sent: 1, why: 'at least one' },
    { present: 0.9, next: 1, most: 16, sent: 3, why: 'users have 13 of 16' },
  ])('sends $sent requests from $present to $next, for $why', ({ present, next, most = 20, sent }) => {
    expect(warmingRequests({ inFlight: 4, most }, present, next)).toBe(sent);
  });

  it('is enough for 499 of 500 requests, however few there are', () => {
    for (const inFlight of [0.001, 0.05, 0.24, 1, 4, 10, 50, 150]) {
      const environments = environmentsFor({ inFlight, most: 1_000 }, 1);
      // A request finds Poisson(inFlight) others in flight.
      let [probability, free] = [Math.exp(-inFlight), 0];
      for (let busy = 0; busy < environments; busy++) {
        free += probability;
        probability *= inFlight / (busy + 1);
      }
      expect([inFlight, free > 0.998]).toEqual([inFlight, true]);
    }
  });

  it.each([
    { from: null, to: split(10), growing: [[v23, 0, 0.1]] },
    { from: split(10), to: split(50), growing: [[v23, 0.1, 0.5]] },
    { from: split(50), to: split(10), growing: [[v22, 0.5, 0.9]] },
    { from: split(50), to: only(v23), growing: [[v23, 0.5, 1]] },
    { from: split(100), to: only(v23), growing: [] },
    { from: only(v23), to: only(v22), growing: [[v22, 0, 1]] },
    { from: null, to: shadow, growing: [[v23, 0, 0.25]] },
    { from: shadow, to: only(v22), growing: [] },
  ])('warms only what gets more: %#', ({ from, to, growing: wanted }) => {
    expect(growing(state(from), to).map(({ version, present, next }) => [version, present, next])).toEqual(
      wanted,
    );
  });

  it('knows who gets which share', () => {
    expect([v22, v23, 'v9'].map((version) => shareUnder(split(10), version))).toEqual([0.9, 0.1, 0]);
    expect([v22, v23, 'v9'].map((version) => shareUnder(shadow, version))).toEqual([1, 0.25, 0]);
  });

  it('says which, and what was not to be had', () => {
    const one = { version: v23, endpoint: 'e', requests: 4, warm: 4 };
    expect(warmedText([])).toBe('warm');
    expect(warmedText([one])).toBe('4 environments of v2.3.0 warm');
    expect(warmedText([{ ...one, requests: 1, warm: 1 }])).toBe('1 environment of v2.3.0 warm');
    expect(warmedText([{ ...one, warm: 3 }])).toBe('3 environments of v2.3.0 warm of 4 wanted');
    expect(warmedText([{ ...one, warm: 3, throttled: true }])).toBe(
      '3 environments of v2.3.0 warm of 4 wanted: SageMaker throttled',
    );
  });
});

describe('users of what serves suffer', () => {
  const guardrails = {
    errorRate: 0.05,
    meanLatencyMs: 1_000,
    endpointErrorsPerMinute: null,
    throttleRate: 0.1,
  };
  const read = (...champions: readonly object[]) =>
    ({
      kind: 'read',
      observations: champions.map(
        (champion) =>
          ({ champion: { requests: 100, errors: 0, throttles: 0, ...champion } }) as unknown as Observation,
      ),
    }) as const;
  it.each([
    { what: 'nothing', reading: read(), suffers: null },
    { what: 'no failure', reading: read({}, {}), suffers: null },
    { what: 'as many failures as allowed', reading: read({ errors: 5 }), suffers: null },
    { what: 'more', reading: read({}, { errors: 6 }), suffers: '6 of 100 requests have failed' },
    { what: 'few failures of few', reading: read({ requests: 4, errors: 4 }), suffers: null },
    {
      what: 'failures of requests that are set aside',
      reading: read({ aside: { requests: 10, errors: 9 } }),
      suffers: '9 of 110 requests have failed',
    },
    {
      what: 'slowness',
      reading: read({ meanLatencyMs: 1_400 }),
      suffers: 'requests take 1400 ms on average',
    },
    { what: 'throttles', reading: read({ throttles: 30 }), suffers: '30 requests were throttled' },
    {
      what: 'nobody knows',
      reading: { kind: 'unreadable', why: 'silence', denied: false } as const,
      suffers: "the metrics can't be read (silence)",
    },
  ])('$what: $suffers', ({ reading, suffers }) => {
    expect(sufferingIn(reading, guardrails)).toBe(suffers);
  });
});
