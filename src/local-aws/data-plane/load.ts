import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { createTally, type LoadReport, type Outcome, type SecondReport } from './load-report.ts';

export interface LoadRequest {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadClock {
  /** Milliseconds, growing, of any origin, with fractions. */
  now(): number;
  /** Calls `run` at or soon after `at`; returns what cancels it. */
  at(at: number, run: () => void): () => void;
}

export interface LoadOptions {
  /** Origin, as http://127.0.0.1:8080. */
  readonly url: string;
  readonly path: string;
  /** Requests a second. */
  readonly rate: number;
  /** Undefined: until `signal` is aborted. */
  readonly forMs?: number;
  /** `poisson` (default) for independent callers, `fixed` for even gaps. */
  readonly arrivals?: 'poisson' | 'fixed';
  /** Uniform in [0, 1); needed for Poisson arrivals. */
  readonly random?: () => number;
  /** The i-th request, from 0. */
  readonly body: (i: number) => LoadRequest;
  readonly signal?: AbortSignal;
  readonly onSecond?: (report: SecondReport) => void;
  readonly clock?: LoadClock;
  /** Keeps [startedAt, version, status] of each request. */
  readonly record?: boolean;
  /** A request without an answer for so long counts as failed. API Gateway's own limit is 30 s. */
  readonly timeoutMs?: number;
  /** Requests under way at most; those that would be more are counted as failed and not sent. */
  readonly inFlightAtMost?: number;
  readonly connections?: number;
}

/**
 * Sends requests at their scheduled times, whether or not earlier ones have been answered, and measures latency from the
 * scheduled time: a server that stalls is seen to stall, which a closed loop hides (coordinated omission).
 * Resolves when the time is over and the last answer is in; a second after an abort at the latest.
 */
export async function generateLoad(options: LoadOptions): Promise<LoadReport> {
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? 31_000;
  const inFlightAtMost = options.inFlightAtMost ?? 5_000;
  const pool = new Pool(options.url, {
    connections: options.connections ?? 128,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: 5_000 },
  });
  const tally = createTally(options.record === true);
  const gap = arrivalGaps(options);
  const beganAt = clock.now();
  const endAt = beganAt + (options.forMs ?? Number.POSITIVE_INFINITY);

  let index = 0;
  let inFlight = 0;
  let over = false;
  let idle = (): void => undefined;
  const settle = (scheduledAt: number, version: string | undefined, outcome: Outcome): void => {
    if (over) return;
    inFlight--;
    tally.add(scheduledAt - beganAt, clock.now() - scheduledAt, version, outcome);
    if (inFlight === 0) idle();
  };
  const send = (scheduledAt: number): void => {
    const i = index++;
    inFlight++;
    if (inFlight > inFlightAtMost) {
      settle(scheduledAt, undefined, 'unsent');
      return;
    }
    const { body, headers } = options.body(i);
    pool.dispatch(
      {
        method: 'POST',
        path: options.path,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      },
      observer((version, outcome) => settle(scheduledAt, version, outcome)),
    );
  };

  let cancelSecond = (): void => undefined;
  const eachSecond = (at: number): void => {
    cancelSecond = clock.at(at, () => {
      options.onSecond?.(tally.second(inFlight));
      eachSecond(at + 1000);
    });
  };
  if (options.onSecond) eachSecond(beganAt + 1000);

  await new Promise<void>((finish) => {
    let nextAt = beganAt + gap();
    let cancel = (): void => undefined;
    const stop = (): void => {
      cancel();
      options.signal?.removeEventListener('abort', stop);
      finish();
    };
    const pump = (): void => {
      const now = clock.now();
      // All that are due go out together: a timer has milliseconds, the schedule has fractions of them.
      for (; nextAt <= now && nextAt < endAt; nextAt += gap()) send(nextAt);
      if (nextAt >= endAt) stop();
      else cancel = clock.at(nextAt, pump);
    };
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted) stop();
    else pump();
  });
  await new Promise<void>((done) => {
    idle = done;
    if (inFlight === 0) done();
    // Who aborts does not want to wait for answers that may be half a minute away; those count for nothing.
    else if (options.signal?.aborted) clock.at(clock.now() + lingerMs, done);
  });
  over = true;
  cancelSecond();
  await pool.destroy();
  return tally.report(clock.now() - beganAt);
}

const lingerMs = 1_000;

function arrivalGaps(options: LoadOptions): () => number {
  const mean = 1000 / options.rate;
  if (!(mean > 0 && Number.isFinite(mean)))
    throw new RangeError(`a rate of ${options.rate} requests a second`);
  if (options.arrivals === 'fixed') return () => mean;
  // Only the pattern of traffic hangs on it, so any generator will do where none is given.
  const random = options.random ?? Math.random;
  return () => -Math.log(1 - random()) * mean;
}

function observer(done: (version: string | undefined, outcome: Outcome) => void): Dispatcher.DispatchHandler {
  let status = 0;
  let version: string | undefined;
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode, headers) {
      if (statusCode < 200) return;
      status = statusCode;
      const value = headers['x-model-version'];
      version = Array.isArray(value) ? value[0] : value;
    },
    onResponseData() {},
    onResponseEnd() {
      done(version, status);
    },
    onResponseError() {
      done(version, 'broken');
    },
  };
}

const systemClock: LoadClock = {
  now: () => performance.now(),
  at(at, run) {
    const timer = setTimeout(run, Math.max(0, at - performance.now()));
    return () => clearTimeout(timer);
  },
};
