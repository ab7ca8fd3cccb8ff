import type { JudgePolicy } from '../../src/domain/policy.ts';
import { argo } from './peers/argo.ts';
import { cloudwatchAlarm, cloudwatchLatencyAlarm } from './peers/cloudwatch.ts';
import { flagger, flaggerLatency } from './peers/flagger.ts';
import { kayenta } from './peers/kayenta.ts';
import type { Peer } from './peers/peer.ts';
import { repeatedZTest } from './peers/z-test.ts';
import { medianMs, sigma } from './traffic.ts';

/** mlreg's judge with a policy, or somebody else's. */
export type Contestant = OwnJudge | { readonly kind: 'peer'; readonly name: string; readonly peer: Peer };

export interface OwnJudge {
  readonly kind: 'mlreg';
  readonly name: string;
  readonly policy: Partial<JudgePolicy>;
  /** Latency by the buckets of mlreg's metrics, or by buckets of ratio 1.05. */
  readonly buckets: 'coarse' | 'fine';
}

/** No margin and no warm-up, so that every regression counts: what the study measured, and what bounds refer to. */
export const strict: OwnJudge = { kind: 'mlreg', name: 'mlreg', policy: {}, buckets: 'fine' };

/** What a user has who configures nothing. */
export const defaults: OwnJudge = {
  kind: 'mlreg',
  name: 'mlreg, defaults',
  policy: {
    warmUpMs: 300_000,
    rollbackMargin: { ratio: 1.1, difference: 0.0002, slower: 0.1 },
    guardrails: { errorRate: 0.05, meanLatencyMs: 1000, endpointErrorsPerMinute: 10, throttleRate: 0.1 },
  },
  buckets: 'coarse',
};

/** The defaults for a challenger that is warm already, so that minutes are minutes of comparing. */
export const defaultsWarm: OwnJudge = {
  ...defaults,
  policy: { ...defaults.policy, warmUpMs: 0 },
};

/** The same with latency by buckets of ratio 1.05. */
export const defaultsFine: OwnJudge = {
  ...defaultsWarm,
  name: 'mlreg, defaults, fine buckets',
  buckets: 'fine',
};

export const independent: OwnJudge = {
  kind: 'mlreg',
  name: 'mlreg, independent',
  policy: { noise: 'independent' },
  buckets: 'fine',
};

const twice = (rate: number): number => 2 * rate;
const peers = (...list: readonly Peer[]): readonly Contestant[] =>
  list.map((peer) => ({ kind: 'peer', name: peer.name, peer }));

/** Judges of the error rate. The doubled limits are twice the champion's true rate, which no user knows. */
export const errorPeers: readonly Contestant[] = peers(
  argo('Argo, documented', { windowMinutes: 5, everyMinutes: 5, errorRate: () => 0.05 }),
  argo('Argo, 2x', { windowMinutes: 1, everyMinutes: null, errorRate: twice }),
  flagger('Flagger, documented', { errorRate: () => 0.01, noTraffic: 'fails' }),
  flagger('Flagger, 2x', { errorRate: twice, noTraffic: 'ignored' }),
  cloudwatchAlarm('alarm 5 of 5 at 5 %', { m: 5, n: 5, errorRate: () => 0.05 }),
  cloudwatchAlarm('alarm 3 of 5 at 2x', { m: 3, n: 5, errorRate: twice }),
  repeatedZTest,
);

/** Kayenta is fed by the minute. */
export const kayentas: readonly Contestant[] = peers(
  kayenta('Kayenta at 60 min', [60]),
  kayenta('Kayenta every 10 min', [10, 20, 30, 40, 50, 60]),
);

/** The champion's true p95 and p99, milliseconds. */
const p95 = medianMs * Math.exp(sigma * 1.6448536269514722);
const p99 = medianMs * Math.exp(sigma * 2.3263478740408408);

/** Judges of latency; the limits are multiples of the champion's true quantile, which no user knows. */
export const latencyPeers: readonly Contestant[] = peers(
  flaggerLatency('Flagger p99, 500 ms', 0.99, 500),
  flaggerLatency('Flagger p99, 1.15x', 0.99, 1.15 * p99),
  flaggerLatency('Flagger p99, 1.5x', 0.99, 1.5 * p99),
  cloudwatchLatencyAlarm('alarm 3 of 5, p95 1.15x', { m: 3, n: 5, q: 0.95, limitMs: 1.15 * p95 }),
  cloudwatchLatencyAlarm('alarm 3 of 5, p95 1.5x', { m: 3, n: 5, q: 0.95, limitMs: 1.5 * p95 }),
  kayenta('Kayenta p95 every 10 min', [10, 20, 30, 40, 50, 60], { q: 0.95 }),
);
