import { UserError } from '../../src/domain/user-error.ts';
import type { Reading } from '../../src/domain/observation.ts';
import { PlatformError, type PlatformFailure } from '../../src/ports/platform.ts';
import { draw } from './dice.ts';
import { drawFault, type Fault, isInert, type Struck, type Window, wrongForMs } from './faults.ts';
import { Violation } from './safety.ts';
import type { Process, Scheduler, Wake } from './scheduler.ts';
import { spoil } from './spoil.ts';
import type { Story } from './story.ts';

/** The store didn't answer. */
export class NoAnswer extends UserError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** What a store that can be read and not written refuses. */
const isWrite = (name: string): boolean =>
  /^store\.(acquire|append|beat|release|post|register|change|setTold|seal|keepSnapshot|TransactWriteItems|PutItem)$/.test(
    name,
  );

/** What else a call may be answered with. */
export interface Otherwise<T> {
  /** A read, from before. */
  readonly stale?: (() => T | Promise<T>) | undefined;
  /** Nothing was done. @default throws, as the port does */
  readonly refuse?: ((kind: PlatformFailure['kind']) => T | Promise<T>) | undefined;
}

export interface Caller {
  /** One call: request, effect, reply, and what may befall them. */
  call<T>(process: Process, name: string, effect: () => T | Promise<T>, otherwise?: Otherwise<T>): Promise<T>;
  sleep(process: Process, ms: number): Promise<void>;
  /** From now on everything works. */
  heal(): void;
  /** What has befallen calls so far. */
  readonly faults: Struck[];
  /** Of all calls so far: who, when, the how-manieth. */
  hash(): number;
  crashes(): number;
}

/** What publishing needs of Lambda, and a rollback does not, at either level. */
const ofLatest: readonly string[] = [
  'codeSha256',
  'variables',
  'publish',
  'GetLatest',
  'GetFunctionConfiguration',
  'ListVersionsByFunction',
];
const timeoutMs = 3_000;
const refusals = {
  unreachable: 'unknown',
  readonly: 'denied',
  denied: 'denied',
  credentials: 'credentials',
} as const;
const lossOf = {
  denied: 'permission lost',
  credentials: 'credentials expired',
  unreachable: 'store out of reach',
  readonly: 'store not writable',
} as const;

/** Up to a day. */
const farther = { clock: 720, 'clock-briefly': 24 };

export function createCaller(world: {
  readonly story: Story;
  readonly allows: (key: string) => boolean;
  readonly scheduler: Scheduler;
  readonly saw: (situation: string) => void;
  readonly fail: (violation: Violation) => void;
  readonly write: (who: string, what: () => string) => void;
}): Caller {
  const { scheduler, saw, write } = world;
  const { seed, swarm, windows } = world.story;
  const given = world.story.faults && new Map(world.story.faults.map((fault) => [fault.key, fault]));
  const { swap } = world.story;
  const swapFault: Fault | undefined =
    given?.get('swap') ?? (given || !swap ? undefined : { key: 'swap', ...swap });
  const faults: Struck[] = [];
  let hasSwapped = false;
  let healed = false;
  let hash = 0;
  let crashes = 0;
  const die = (process: Process): void => {
    crashes++;
    scheduler.kill(process);
  };

  /** Calls so far by process and name. */
  const called = new Map<string, number>();
  const nthOfKind = (process: Process, name: string): number => {
    const key = `${process.name} ${name}`;
    const nth = called.get(key) ?? 0;
    called.set(key, nth + 1);
    return nth;
  };

  const setClock = (process: Process, { kind, ms }: Pick<Fault, 'kind' | 'ms'>): void => {
    const by =
      ms * (world.story.farClocks === true ? farther[kind === 'clock' ? 'clock' : 'clock-briefly'] : 1);
    saw(by < 0 ? 'clock set back' : 'clock set forward');
    process.skewMs += by;
    if (kind !== 'clock-briefly') return;
    saw('clock wrong for seconds');
    scheduler.at(scheduler.now() + wrongForMs(ms), () => {
      process.skewMs -= by;
    });
  };

  const faultOf = (process: Process, nth: number, name: string, isLagging = false): Fault | null => {
    const byKind = `${process.name} ${name} ${nthOfKind(process, name)}`;
    if (healed) return null;
    const isFirstSwap = name === 'writeStage' && !hasSwapped;
    hasSwapped ||= isFirstSwap;
    const drawn = given
      ? (given.get(byKind) ?? given.get(`${process.name} ${nth}`) ?? null)
      : drawFault(seed, swarm, process, nth, name);
    const fault = isFirstSwap ? (swapFault ?? drawn) : drawn;
    if (fault === null || !world.allows(fault.key)) return null;
    const call = fault.key === 'swap' ? 'swap' : byKind;
    faults.push({ ...fault, call, isInert: isInert(fault.kind, name, isLagging) });
    return fault;
  };
  const windowOf = (name: string): Window['kind'] | null => {
    if (healed) return null;
    const at = scheduler.now();
    for (const window of windows) {
      const isStore = name.startsWith('store.');
      const fits =
        { store: isStore, aws: !isStore, latest: ofLatest.includes(name) }[window.call] ??
        window.call === name;
      const isHit = window.kind !== 'readonly' || isWrite(name);
      if (fits && isHit && at >= window.from && at < window.to) return window.kind;
    }
    return null;
  };

  function call<T>(
    process: Process,
    name: string,
    effect: () => T | Promise<T>,
    { stale, refuse: refusal = (kind) => Promise.reject(failure(name, kind)) }: Otherwise<T> = {},
  ): Promise<T> {
    const nth = process.calls++;
    const fault = faultOf(process, nth, name, stale !== undefined);
    const luck = draw(seed, 41, process.index, nth);
    const slow = luck % 61 === 0 ? 1_500 : 30;
    const there = 1 + ((luck >>> 8) % slow);
    const back = 1 + ((luck >>> 16) % slow);
    hash = draw(hash, scheduler.now(), process.index, nth, name.length);
    write(
      process.name,
      () => `${nth} ${name}${fault === null ? '' : `   *** ${fault.kind} ${fault.ms || ''}`}`,
    );
    return scheduler.park<T>(process, (wake) => {
      const at = scheduler.now();
      const act = (act: () => T | Promise<T>, then: Wake<T>): void =>
        scheduler.settle((async () => act())(), (settled) => {
          if ('error' in settled && settled.error instanceof Violation) return world.fail(settled.error);
          then(settled);
        });
      const happen = (then: Wake<T>): void => {
        const kind = windowOf(name);
        if (kind === null) return act(fault?.kind === 'stale' && stale !== undefined ? stale : effect, then);
        saw(lossOf[kind]);
        act(() => refusal(refusals[kind]), then);
      };
      const reply: Wake<T> = (settled) => scheduler.at(scheduler.now() + back, () => wake(settled));
      const ignore: Wake<T> = () => undefined;
      const sendAfter = (ms: number, then: Wake<T>): void => scheduler.at(at + ms, () => happen(then));
      const refuse = (kind: PlatformFailure['kind'], ms: number): void =>
        scheduler.at(at + ms, () => act(() => refusal(kind), wake));
      const { kind, ms = 0 } = fault ?? {};
      switch (kind) {
        case 'error-before':
          return refuse('unknown', there + back);
        case 'throttle':
          return refuse('throttled', there + back);
        case 'lost':
          saw(`reply lost: ${name === 'writeAlias' ? name : name.startsWith('store.') ? 'store' : 'other'}`);
          sendAfter(there, ignore);
          return refuse('unknown', timeoutMs);
        case 'late':
          sendAfter(Math.max(timeoutMs + 1, ms), (settled) => {
            if (name !== 'writeAlias' || !('value' in settled)) return;
            const { kind: outcome } = settled.value as { kind?: string };
            if (outcome !== undefined) saw(`late alias write: ${outcome}`);
          });
          return refuse('unknown', timeoutMs);
        case 'crash-before':
          return die(process);
        case 'crash-after':
          return sendAfter(there, () => die(process));
        case 'crash-late':
          die(process);
          return sendAfter(ms, ignore);
        case 'pause-before':
          saw('paused process');
          process.pausedUntil = at + ms;
          process.sleptMs += ms;
          // Whoever is killed in its sleep sends nothing.
          return scheduler.at(at + ms, () => process.alive && happen(reply));
        case 'pause-after':
          return sendAfter(there, (settled) => {
            process.pausedUntil = scheduler.now() + ms;
            process.sleptMs += ms;
            reply(settled);
          });
        case 'clock':
        case 'clock-briefly':
          setClock(process, { kind, ms });
          return sendAfter(there, reply);
        case 'stale':
          saw(`stale ${name}`);
          return sendAfter(there, reply);
        case undefined:
          return sendAfter(there, reply);
        default:
          // What befalls the metrics befalls no other call, whatever the number it is known by.
          if (name !== 'metrics.read') return sendAfter(there, reply);
          saw(`metrics ${kind}`);
          return sendAfter(there, (settled) =>
            reply('value' in settled ? { value: spoil(kind, settled.value as Reading) as T } : settled),
          );
      }
    });
  }

  return {
    call,
    sleep(process, ms) {
      const fault = faultOf(process, process.calls++, 'sleep');
      return scheduler.park<undefined>(process, (wake) => {
        if (fault?.kind.startsWith('crash') === true) return die(process);
        const extra = fault?.kind.startsWith('pause') === true ? fault.ms : 0;
        // Timers run on a monotonic clock, whatever is done to the wall's.
        if (fault?.kind === 'clock' || fault?.kind === 'clock-briefly') setClock(process, fault);
        // Asleep past its timer.
        process.sleptMs += extra;
        scheduler.at(scheduler.now() + Math.max(1, ms) + extra, () => wake({ value: undefined }));
      });
    },
    heal: () => {
      healed = true;
    },
    faults,
    hash: () => hash,
    crashes: () => crashes,
  };
}

function failure(name: string, kind: PlatformFailure['kind']): Error {
  if (name.startsWith('store.')) return new NoAnswer(`${name}: no answer`);
  if (name === 'notify' || name === 'metrics.read')
    return new PlatformError({ kind: 'throttled', message: `${name} failed` });
  const message = `${name}: ${kind}`;
  return new PlatformError(kind === 'denied' ? { kind, action: name, message } : { kind, message });
}
