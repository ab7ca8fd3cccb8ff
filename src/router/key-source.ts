import type { ApiKeys } from './api-keys.ts';
import { readTimeoutMs, type KeyReading, type ReadKeys } from './key-parameter.ts';

/** The list that a request is checked against. `unknown`: nobody can tell who is valid, so the request is refused. */
export type CurrentKeys<Keys = ApiKeys> =
  | { readonly kind: 'known'; readonly keys: Keys }
  | { readonly kind: 'unknown'; readonly why: string; readonly passing: boolean };

export interface KeySource<Keys = ApiKeys> {
  /** Never rejects. Waits for a read only where no fresh list is cached. */
  readonly current: () => Promise<CurrentKeys<Keys>>;
}

export interface RenewedSource<Keys> extends KeySource<Keys> {
  /** What `current` would answer without waiting; undefined where it would wait. */
  readonly cached: () => Keys | undefined;
  /**
   * As `current`, but waits for a read unless one was sent within `youngMs`: for a caller who needs a key that the cached
   * list lacks, and that may be new.
   */
  readonly newest: () => Promise<CurrentKeys<Keys>>;
}

/** What differs from one kind of keys to another. */
interface Kind<Keys> {
  /** How the log names them. */
  readonly what: string;
  /** What the log says of this list beside; undefined: nothing. */
  readonly remark: (keys: Keys) => string | undefined;
  /** While reads fail the last list stays in use for so long. */
  readonly graceMs: number;
}

export interface KeySourceDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds from any start; never runs back. */
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** One line to stdout. */
  readonly emit: (line: string) => void;
}

/** Counted from when the read was sent. A minute, less ten seconds for the Parameter Store to show a write. */
export const freshMs = 50_000;
/** From this age on, drawn anew for each list, the next read goes on beside requests: environments don't read in step. */
export const aheadMs = { from: 25_000, to: 40_000 } as const;
/**
 * While reads fail the last list stays in use for so long. Long enough for throttling, a short outage or a mistake in a
 * policy to be seen and ended; the longest that a revoked key may outlive its revocation.
 */
export const graceMs = 600_000;
/** A list so young is not read again for a key that it lacks: forged receipts must not make the router ask all the time. */
export const youngMs = 5_000;
/** Doubled from the first to the second of these after each failure, each drawn from its upper half. */
const backOffMs = { from: 1_000, to: 15_000 } as const;
/** Without any list a request would be refused, so the first read is tried again at once. */
const firstTries = 3;
const firstWaitMs = 200;
/** A reply that took longer than the read may was frozen along with the execution environment: it says nothing of now. */
const frozenAfterMs = readTimeoutMs + 500;

interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** The list of API keys of one execution environment. */
export const createKeySource = (read: ReadKeys, deps: KeySourceDeps): KeySource =>
  createSourceOf(read, deps, {
    what: 'the API keys',
    remark: (keys) =>
      keys.length === 0 ? 'the list of API keys is empty or was deleted: every key is refused' : undefined,
    graceMs,
  });

/** Keys of one execution environment, cached for a minute and read by one request at a time. */
export function createSourceOf<Keys>(
  read: ReadKeys<Keys>,
  deps: KeySourceDeps,
  kind: Kind<Keys>,
): RenewedSource<Keys> {
  let list: { readonly keys: Keys; readonly sentAt: Moment; readonly aheadMs: number } | undefined;
  let failure = { count: 0, why: 'not read yet', passing: true, retryAt: -Infinity };
  let pending: { readonly sentAt: Moment; readonly done: Promise<void> } | undefined;
  /** The tries until there is a list at all, shared by all who wait for it. */
  let first: Promise<void> | undefined;

  const moment = (): Moment => ({ wall: deps.now(), monotonic: deps.monotonicMs() });
  /** The larger of both clocks': one may be set back, the other may stand still while the environment is frozen. */
  const ageOf = ({ wall, monotonic }: Moment): number =>
    Math.max(deps.now() - wall, deps.monotonicMs() - monotonic);

  const take = (reading: KeyReading<Keys>, sentAt: Moment): void => {
    if (reading.kind === 'read') {
      const { from, to } = aheadMs;
      list = { keys: reading.keys, sentAt, aheadMs: from + deps.random() * (to - from) };
      failure = { ...failure, count: 0, retryAt: -Infinity };
      const remark = kind.remark(reading.keys);
      if (remark !== undefined) warn(remark);
      return;
    }
    if (ageOf(sentAt) > frozenAfterMs) return;
    const longest = Math.min(backOffMs.to, backOffMs.from * 2 ** Math.min(failure.count, 10));
    const retryAt = deps.monotonicMs() + (longest * (1 + deps.random())) / 2;
    failure = { count: failure.count + 1, why: reading.why, passing: reading.passing, retryAt };
    warn(`${kind.what} could not be read`, reading.why);
  };
  const warn = (message: string, why?: string): void => {
    const listAgeMs = list === undefined ? undefined : Math.round(ageOf(list.sentAt));
    deps.emit(JSON.stringify({ level: 'error', message, why, listAgeMs, usedUntilAgeMs: kind.graceMs }));
  };

  const start = (): Promise<void> => {
    const sentAt = moment();
    const done = read().then((reading) => {
      // Another took its place after a freeze: what comes so late is not looked at.
      if (pending?.sentAt !== sentAt) return;
      pending = undefined;
      take(reading, sentAt);
    });
    pending = { sentAt, done };
    return done;
  };
  const isDue = (): boolean => deps.monotonicMs() >= failure.retryAt;
  const refresh = async (): Promise<void> => {
    if (pending !== undefined) await pending.done;
    else if (isDue()) await start();
  };
  const readFirst = async (): Promise<void> => {
    await refresh();
    for (let round = 1; round < firstTries && list === undefined && failure.passing; round++) {
      await deps.wait(firstWaitMs * round * (0.5 + deps.random()));
      await start();
    }
  };

  const known = (): CurrentKeys<Keys> =>
    list !== undefined && ageOf(list.sentAt) < kind.graceMs
      ? { kind: 'known', keys: list.keys }
      : { kind: 'unknown', why: failure.why, passing: failure.passing };

  const cached = (): Keys | undefined => {
    if (pending !== undefined && ageOf(pending.sentAt) > frozenAfterMs) pending = undefined;
    if (list === undefined || ageOf(list.sentAt) >= freshMs) return undefined;
    if (ageOf(list.sentAt) >= list.aheadMs && pending === undefined && isDue()) void start();
    return list.keys;
  };

  return {
    cached,
    async newest() {
      if (pending !== undefined && ageOf(pending.sentAt) > frozenAfterMs) pending = undefined;
      if (list === undefined || ageOf(list.sentAt) >= youngMs) await refresh();
      return known();
    },
    async current() {
      const keys = cached();
      if (keys !== undefined) return { kind: 'known', keys };
      if (list !== undefined) await refresh();
      else if (first !== undefined || isDue()) {
        await (first ??= readFirst().finally(() => {
          first = undefined;
        }));
      }
      return known();
    },
  };
}
