import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { letsIn, parseApiKeys } from '../../../src/router/api-keys.ts';
import type { KeyReading } from '../../../src/router/key-parameter.ts';
import { aheadMs, createKeySource, freshMs, graceMs } from '../../../src/router/key-source.ts';

const listOf = (...keys: string[]): KeyReading => ({
  kind: 'read',
  keys: keys.map((key) => createHash('sha256').update(key).digest()),
});
const failed = (passing: boolean, why = 'ThrottlingException'): KeyReading => ({
  kind: 'failed',
  why,
  passing,
});
const second = 1_000;
const minute = 60_000;

interface World {
  /** What the parameter holds, or how a read fails. */
  stored: KeyReading;
  /** The next read hangs until it is let go. */
  readonly hold: () => () => void;
  readonly reads: () => number;
  readonly lines: string[];
  /** Moves both clocks, and lets what waited go on. */
  readonly pass: (ms: number) => Promise<void>;
  /** Moves the wall clock alone. */
  readonly setWallBy: (ms: number) => void;
  readonly isValid: (key: string) => Promise<boolean | string>;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function world(draws: () => number = () => 0.5): World {
  let elapsed = 0;
  let wall = 1_790_000_000_000;
  let reads = 0;
  let held: Promise<void> | undefined;
  let waiting: { at: number; go: () => void }[] = [];
  const lines: string[] = [];
  const source = createKeySource(
    async () => {
      reads++;
      const reading = made.stored;
      await held;
      return reading;
    },
    {
      now: () => wall,
      monotonicMs: () => elapsed,
      random: draws,
      wait: (ms) => new Promise((go) => waiting.push({ at: elapsed + ms, go })),
      emit: (line) => lines.push(line),
    },
  );
  const made: World = {
    stored: listOf('old', 'new'),
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => {
        held = undefined;
        release();
      };
    },
    reads: () => reads,
    lines,
    async pass(ms) {
      const end = elapsed + ms;
      for (;;) {
        await settled();
        const due = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        waiting = waiting.filter((each) => each !== due);
        wall += due.at - elapsed;
        elapsed = due.at;
        due.go();
      }
      wall += end - elapsed;
      elapsed = end;
      await settled();
    },
    setWallBy(ms) {
      wall += ms;
    },
    async isValid(key) {
      const current = await source.current();
      return current.kind === 'known' ? letsIn(current.keys, key) : current.why;
    },
  };
  return made;
}

/** Asks every `everyMs` until the key is refused. @returns milliseconds that took */
async function refusedAfter(at: World, key: string, everyMs: number): Promise<number> {
  for (let passed = 0; passed <= 20 * minute; passed += everyMs) {
    if ((await at.isValid(key)) !== true) return passed;
    await at.pass(everyMs);
  }
  return Infinity;
}

describe('revoking a key', () => {
  it.each([1, 100, 7 * second, 20 * second, 59 * second, minute])(
    'takes effect within a minute where a request comes every %i ms',
    async (everyMs) => {
      for (const phase of [0, 10 * second, 24 * second, 39 * second, 49 * second]) {
        const at = world();
        expect(await at.isValid('old')).toBe(true);
        await at.pass(phase);
        await at.isValid('old');
        at.stored = listOf('new');
        expect(await refusedAfter(at, 'old', Math.max(everyMs, 50))).toBeLessThanOrEqual(minute);
        expect(await at.isValid('new')).toBe(true);
      }
    },
  );

  it('takes effect with the first request after a pause, however long, frozen or not', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = listOf('new');
    await at.pass(freshMs);
    expect(await at.isValid('old')).toBe(false);
  });

  it('takes effect where a read was under way when Lambda froze the environment', async () => {
    const at = world();
    await at.isValid('old');
    await at.pass(aheadMs.to);
    const release = at.hold();
    expect(await at.isValid('old')).toBe(true);
    at.stored = listOf('new');
    await at.pass(5 * minute);
    const [answer] = [at.isValid('old')];
    release();
    expect(await answer).toBe(false);
    await settled();
    expect(await at.isValid('old')).toBe(false);
  });

  it.each([
    { what: 'is set back', byMs: -3_600_000 },
    { what: 'is set forward', byMs: 3_600_000 },
  ])('takes effect where the wall clock $what', async ({ byMs }) => {
    const at = world();
    await at.isValid('old');
    at.setWallBy(byMs);
    at.stored = listOf('new');
    await at.pass(minute);
    expect(await at.isValid('old')).toBe(false);
  });

  it('takes effect where the monotonic clock stood still while the environment was frozen', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = listOf('new');
    at.setWallBy(minute);
    expect(await at.isValid('old')).toBe(false);
  });

  it('works for all at once: the parameter is deleted', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = listOf();
    await at.pass(minute);
    expect(await at.isValid('old')).toBe(false);
    expect(at.lines.join()).toContain('every key is refused');
  });
});

describe('a rotation', () => {
  it('has both keys valid at once, then the new one alone', async () => {
    const at = world();
    const valid = async () => [await at.isValid('old'), await at.isValid('new')];
    at.stored = listOf('old');
    expect(await valid()).toEqual([true, false]);
    at.stored = listOf('old', 'new');
    await at.pass(minute);
    expect(await valid()).toEqual([true, true]);
    at.stored = listOf('new');
    await at.pass(minute);
    expect(await valid()).toEqual([false, true]);
  });
});

describe('reading the list', () => {
  it('happens once for all that wait for it', async () => {
    const at = world();
    const release = at.hold();
    const answers = Array.from({ length: 50 }, () => at.isValid('old'));
    await settled();
    release();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
    expect(at.reads()).toBe(1);
    await at.pass(freshMs);
    await Promise.all(Array.from({ length: 50 }, () => at.isValid('old')));
    expect(at.reads()).toBe(2);
  });

  it('keeps nobody waiting while a fresh list is cached', async () => {
    const at = world();
    await at.isValid('old');
    await at.pass(freshMs - 1);
    at.hold();
    expect(await at.isValid('old')).toBe(true);
    expect(at.reads()).toBe(2);
    expect(await at.isValid('old')).toBe(true);
    expect(at.reads()).toBe(2);
  });

  it('is no more than twice a minute under steady load', async () => {
    const at = world();
    for (let passed = 0; passed < 10 * minute; passed += 100) {
      await at.isValid('old');
      await at.pass(100);
    }
    expect(at.reads()).toBeGreaterThanOrEqual(12);
    expect(at.reads()).toBeLessThanOrEqual(20);
  });

  it('is spread over time, so that environments which started together do not read together', async () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const worlds = Array.from({ length: 200 }, () => world(random));
    const perSecond = new Map<number, number>();
    for (const at of worlds) await at.isValid('old');
    for (let passed = 0; passed < minute; passed += second) {
      for (const at of worlds) {
        const before = at.reads();
        await at.isValid('old');
        await at.pass(second);
        perSecond.set(passed, (perSecond.get(passed) ?? 0) + at.reads() - before);
      }
    }
    // 200 reads over 15 seconds are 13 a second; all at once they would be 200.
    expect(Math.max(...perSecond.values())).toBeLessThan(40);
  });
});

describe('while reads fail', () => {
  it('the last list is used for ten minutes from its reading, then every key is refused', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = failed(true);
    expect(await refusedAfter(at, 'old', second)).toBe(graceMs);
    expect(await at.isValid('old')).toBe('ThrottlingException');
    at.stored = listOf('old');
    await at.pass(15 * second);
    expect(await at.isValid('old')).toBe(true);
  });

  it('a key that the last list does not hold stays refused', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = failed(false, 'AccessDeniedException');
    for (let passed = 0; passed < 15 * minute; passed += 10 * second) {
      expect(await at.isValid('another')).not.toBe(true);
      await at.pass(10 * second);
    }
  });

  it('reads are tried again with pauses that grow to 15 seconds', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = failed(true);
    for (let passed = 0; passed < 10 * minute; passed += 100) {
      await at.isValid('old');
      await at.pass(100);
    }
    expect(at.reads()).toBeGreaterThan(30);
    expect(at.reads()).toBeLessThan(70);
  });

  it('each failure is logged with the age of the list, and no list is', async () => {
    const at = world();
    await at.isValid('old');
    at.stored = failed(false, 'parameter /k: entry 2 is no SHA-256 digest');
    await at.pass(minute);
    expect(await at.isValid('old')).toBe(true);
    expect(at.lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'error',
        message: 'the API keys could not be read',
        why: 'parameter /k: entry 2 is no SHA-256 digest',
        listAgeMs: minute,
        usedUntilAgeMs: graceMs,
      },
    ]);
  });

  it('an environment that never had a list tries three times at once, and refuses', async () => {
    const at = world();
    at.stored = failed(true);
    const answer = at.isValid('old');
    await at.pass(5 * second);
    expect(await answer).toBe('ThrottlingException');
    expect(at.reads()).toBe(3);
  });

  it('those who wait for the first list share its tries', async () => {
    const at = world();
    at.stored = failed(true);
    const answers = Array.from({ length: 50 }, () => at.isValid('old'));
    await at.pass(5 * second);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['ThrottlingException']));
    expect(at.reads()).toBe(3);
  });

  it('an environment that never had a list is let go on by the second try', async () => {
    const at = world();
    at.stored = failed(true);
    const answer = at.isValid('old');
    await settled();
    at.stored = listOf('old');
    await at.pass(5 * second);
    expect(await answer).toBe(true);
    expect(at.reads()).toBe(2);
  });

  it('an environment that never had a list does not try a denied read again at once', async () => {
    const at = world();
    at.stored = failed(false, 'AccessDeniedException');
    expect(await at.isValid('old')).toBe('AccessDeniedException');
    expect(await at.isValid('old')).toBe('AccessDeniedException');
    expect(at.reads()).toBe(1);
  });

  it('a list that was frozen along with the environment takes no newer one\u2019s place', async () => {
    const at = world();
    await at.isValid('old');
    await at.pass(aheadMs.to);
    const thaw = at.hold();
    await at.isValid('old');
    await at.pass(5 * minute);
    // Reads from here on are answered at once.
    at.hold()();
    at.stored = listOf('new');
    expect([await at.isValid('old'), await at.isValid('new')]).toEqual([false, true]);
    at.stored = failed(true);
    thaw();
    await settled();
    expect([await at.isValid('old'), await at.isValid('new')]).toEqual([false, true]);
  });

  it('a reply that was frozen along with the environment counts as no failure', async () => {
    const at = world();
    await at.isValid('old');
    await at.pass(aheadMs.to);
    at.stored = failed(true, 'no answer within 1500 ms');
    const release = at.hold();
    await at.isValid('old');
    await at.pass(5 * minute);
    release();
    await settled();
    at.stored = listOf('new');
    expect(await at.isValid('old')).toBe(false);
  });
});

describe('a list', () => {
  const digest = 'ab'.repeat(32);
  it.each([
    { text: digest, count: 1 },
    { text: `${digest},${digest}`, count: 2 },
    { text: ` ${digest} ,\n${digest}\n`, count: 2 },
    { text: `${digest}\n${digest.toUpperCase()}\n`, count: 2 },
    { text: 'none', count: 0 },
    { text: ' none\n', count: 0 },
  ])('$text has $count keys', ({ text, count }) => {
    expect(parseApiKeys(text, 'x')).toHaveLength(count);
  });

  it.each(['', ' ', ',', `${digest},`, 'secret', `${digest} none`, `{"keys":["${digest}"]}`, `${digest}0`])(
    '%j is a mistake, and is not repeated',
    (text) => {
      expect(() => parseApiKeys(text, 'parameter /k')).toThrow(
        /^parameter \/k: entry \d is no SHA-256 digest/,
      );
    },
  );
});
