import { describe, expect, it } from 'vitest';
import { type AwsTime, createAwsTime } from '../../../src/aws/aws-time.ts';

const start = Date.UTC(2026, 10, 30, 12, 0, 0);
const hour = 3_600_000;
const day = 24 * hour;

interface Machine {
  readonly time: AwsTime;
  /** AWS's time minus ours, ms. */
  off(): number;
  /** Real time passes. */
  pass(ms: number): void;
  /** Real time passes while the machine sleeps: its monotonic clock stands still. */
  sleep(ms: number): void;
  /** The machine's clock is set. */
  step(ms: number): void;
  /** The machine's monotonic clock runs too fast by so many parts in a million. */
  drift(ppm: number): void;
  /** Calls AWS once. */
  call(how?: { takesMs?: number; wrongBy?: number; date?: string; age?: string }): void;
}

function machine(wrongBy = 0, began = start): Machine {
  let real = began;
  let wall = began + wrongBy;
  let mono = 500_000.25;
  let rate = 1;
  const time = createAwsTime({ wall: () => wall, monotonic: () => mono });
  const pass = (ms: number): void => {
    real += ms;
    wall += ms * rate;
    mono += ms * rate;
  };
  return {
    time,
    off: () => real - time.now(),
    pass,
    sleep: (ms) => {
      real += ms;
      wall += ms;
    },
    step: (ms) => {
      wall += ms;
    },
    drift: (ppm) => {
      rate = 1 + ppm / 1e6;
    },
    call({ takesMs = 60, wrongBy: error = 0, date, age } = {}) {
      const sentAt = mono;
      pass(takesMs / 2);
      const stamped = date ?? new Date(real + error).toUTCString();
      pass(takesMs / 2);
      time.heard({ date: stamped, age, sentAt, receivedAt: mono });
    },
  };
}

describe("AWS's time", () => {
  it.each([
    ['right', 0, 0],
    ['3 minutes ahead', 180_000, 180_000],
    ['an hour ahead', hour, hour],
    ['an hour behind', -hour, -hour],
    ['a day ahead', day, day],
    ['a day behind', -day, -day],
    ['7 seconds behind', -7_000, -7_000],
  ])('is right to a second after two answers on a machine that is %s at the start', (_, wrongBy, told) => {
    for (const offset of [0, 250, 500, 999]) {
      const one = machine(wrongBy, start + offset);
      one.call();
      one.pass(40);
      one.call();
      expect(Math.abs(one.off())).toBeLessThanOrEqual(1_000);
      expect(one.time.machineAheadMs()).toBe(told);
    }
  });

  it.each([
    ['3 minutes ahead for 4 s', 180_000],
    ['an hour ahead for 4 s', hour],
    ['an hour behind for 4 s', -hour],
    ['a day ahead for 4 s', day],
  ])('does not change where the clock of a running process is set %s', (_, ms) => {
    const one = machine();
    one.call();
    const seen: number[] = [];
    for (let second = 0; second < 20; second++) {
      if (second === 5) one.step(ms);
      if (second === 9) one.step(-ms);
      one.call();
      seen.push(one.off());
      expect(one.time.machineAheadMs()).toBe(second >= 5 && second < 9 ? ms : 0);
      one.pass(940);
    }
    // Fractions of a millisecond, and no more.
    expect(seen.every((off) => Math.abs(off) <= 1)).toBe(true);
  });

  it.each([1, 8 * 60])('is right at the first answer after a sleep of %i minutes', (minutes) => {
    const one = machine();
    one.call();
    one.sleep(minutes * 60_000);
    expect(one.off()).toBeGreaterThanOrEqual(minutes * 60_000);
    one.call();
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1_000);
    expect(one.time.machineAheadMs()).toBe(0);
  });

  it('is right after a sleep on a machine whose clock is wrong as well, at the third answer', () => {
    const one = machine(hour);
    one.call();
    one.call();
    one.sleep(8 * hour);
    one.call();
    one.pass(1_000);
    one.call();
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1_000);
    expect(one.time.machineAheadMs()).toBe(hour);
  });

  it('follows a clock that runs wrong by 200 parts in a million', () => {
    const one = machine();
    one.drift(200);
    for (let second = 0; second < 86_400; second += 10) {
      one.call();
      one.pass(9_940);
      expect(Math.abs(one.off())).toBeLessThanOrEqual(1_100);
    }
  });

  it.each([
    ['an hour ahead', hour],
    ['a day behind', -day],
    ['10 s ahead', 10_000],
  ])('does not follow a single answer that is %s', (_, wrongBy) => {
    const one = machine();
    one.call();
    for (let times = 0; times < 5; times++) {
      one.call({ wrongBy });
      expect(Math.abs(one.off())).toBeLessThanOrEqual(1);
      one.pass(1_000);
      one.call();
      one.pass(1_000);
    }
  });

  it('does not follow the first answer of all alone', () => {
    const one = machine();
    one.call({ wrongBy: hour });
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1);
    expect(one.time.machineAheadMs()).toBe(0);
  });

  it('does not follow wild answers that differ', () => {
    const one = machine();
    one.call();
    for (const wrongBy of [hour, -hour, day, 30_000, -2 * day, 90_000]) one.call({ wrongBy });
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1);
  });

  it.each([
    ['no date', {}],
    ['a date that is none', { date: 'Tue, 31 Feb' }],
    ['an empty date', { date: '' }],
    ['a copy from a cache', { date: new Date(start - hour).toUTCString(), age: '3600' }],
  ])('takes nothing from an answer with %s', (_, how) => {
    const one = machine();
    for (let times = 0; times < 3; times++) {
      if ('date' in how) one.call(how);
      else one.time.heard({ date: undefined, sentAt: 1, receivedAt: 2 });
    }
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1);
  });

  it('does not follow the same header again and again, once it knows better', () => {
    const one = machine();
    one.call();
    const date = new Date(start - hour).toUTCString();
    for (let times = 0; times < 20; times++) one.call({ date });
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1);
  });

  it('learns from slow answers, too, and more from the next quick one', () => {
    const one = machine(hour);
    one.call({ takesMs: 20_000 });
    one.call({ takesMs: 20_000 });
    expect(Math.abs(one.off())).toBeLessThanOrEqual(10_500);
    one.call();
    one.pass(1_000);
    one.call();
    expect(Math.abs(one.off())).toBeLessThanOrEqual(1_000);
  });

  it("is the machine's until AWS has answered, and runs on when that is set", () => {
    const one = machine(hour);
    expect(one.off()).toBe(-hour);
    one.step(-hour);
    one.pass(10_000);
    expect(one.off()).toBe(-hour);
    expect(one.time.machineAheadMs()).toBe(0);
  });

  it('stands still rather than go back by some seconds, and goes back by more', () => {
    const near = machine(4_000);
    const before = near.time.now();
    near.call();
    near.call();
    expect(near.time.now()).toBe(before);
    near.pass(2_000);
    expect(near.time.now()).toBe(before);
    near.pass(4_000);
    expect(Math.abs(near.off())).toBeLessThanOrEqual(1_000);

    const far = machine(60_000);
    far.time.now();
    far.call();
    far.call();
    expect(Math.abs(far.off())).toBeLessThanOrEqual(1_000);
  });

  it('is whole milliseconds', () => {
    const one = machine(1_234);
    one.pass(0.3);
    expect(Number.isInteger(one.time.now())).toBe(true);
  });
});
