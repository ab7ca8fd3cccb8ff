import { describe, expect, it } from 'vitest';
import { type Custody, custodyOf, type Seen } from '../../../src/controller/custody.ts';
import { controllerCommand } from '../../../src/domain/controller.ts';
import type { Actor, Outcome } from '../../../src/domain/journal.ts';
import { instant, rolloutId } from '../../../src/domain/units.ts';

const id = rolloutId('r-1');
const person: Actor = { name: 'ana', host: 'runner', pid: 7, command: 'mlreg deploy' };
const controller: Actor = { name: 'controller', host: 'lambda', pid: 1, command: controllerCommand };
const lock = (owner: Actor | null, over: Partial<Seen['lock']> = {}): Seen['lock'] => ({
  token: 4,
  owner,
  rollout: owner === null ? null : id,
  takenAt: instant(0),
  beat: 9,
  ...over,
});
const ended = (outcome: Outcome['kind']): Seen['rollout'] => ({ id, outcome: { kind: outcome } as Outcome });
const seen = (since: number, over: Partial<NonNullable<Seen['sighting']>> = {}): Seen['sighting'] => ({
  rollout: id,
  token: 4,
  beat: 9,
  since: instant(since),
  ...over,
});

const base: Seen = {
  rollout: { id, outcome: null },
  lock: lock(person),
  process: 'unknown',
  sighting: null,
  now: instant(100_000),
  silenceMs: 60_000,
  deniedAt: null,
  drives: true,
};
const watch = (since: number): Custody => ({
  kind: 'watch',
  sighting: { rollout: id, token: 4, beat: 9, since: instant(since) },
  until: instant(since + 60_000),
});
const gone = { kind: 'adopt', why: 'ana on runner (pid 7) is gone' };
const silent = (s: number) => ({
  kind: 'adopt',
  why: `ana on runner (pid 7) has given no sign of life for ${s} s`,
});

describe('whose a rollout is', () => {
  it.each<[string, Partial<Seen>, object]>([
    ['no rollout', { rollout: null }, { kind: 'rest', why: 'there was never a rollout' }],
    ['one that succeeded', { rollout: ended('succeeded') }, { kind: 'rest', why: 'r-1 has ended' }],
    [
      'one that went back, whose owner died',
      { rollout: ended('rolled-back'), process: 'dead' },
      { kind: 'rest' },
    ],
    [
      "one that is stuck is a person's",
      { rollout: ended('stuck') },
      { kind: 'rest', why: 'r-1 is stuck: a person must look' },
    ],
    ['one that was let go', { lock: lock(null) }, { kind: 'adopt', why: 'nobody drives it' }],
    ['its own', { lock: lock(controller) }, { kind: 'carry-on' }],
    ['its own, whose process is gone', { lock: lock(controller), process: 'dead' }, { kind: 'carry-on' }],
    ['its own, in a sweep', { lock: lock(controller), drives: false }, watch(100_000)],
    [
      'its own, in a sweep, silent',
      { lock: lock(controller), drives: false, sighting: seen(40_000) },
      { kind: 'adopt' },
    ],
    [
      'its own, denied a moment ago',
      { lock: lock(controller), deniedAt: instant(70_001) },
      { kind: 'stand-back', until: instant(100_001) },
    ],
    ['its own, denied long ago', { lock: lock(controller), deniedAt: instant(70_000) }, { kind: 'carry-on' }],
    [
      'its own, denied in what is the future, the clock was set back',
      { lock: lock(controller), deniedAt: instant(100_001) },
      { kind: 'carry-on' },
    ],
    [
      'one that was let go, denied a moment ago',
      { lock: lock(null), deniedAt: instant(99_000) },
      { kind: 'stand-back', until: instant(129_000) },
    ],
    ["a living process's, denied to the controller before", { deniedAt: instant(99_000) }, watch(100_000)],
    ["a dead process's", { process: 'dead' }, gone],
    ["a living process's, first seen", { process: 'alive' }, watch(100_000)],
    ["a living process's, long silent", { process: 'alive', sighting: seen(40_000) }, silent(60)],
    ["a far machine's, first seen", {}, watch(100_000)],
    ['silent a little', { sighting: seen(40_001) }, watch(40_001)],
    ['silent long enough', { sighting: seen(40_000) }, silent(60)],
    ['silent for longer', { sighting: seen(0) }, silent(100)],
    ['a beat since', { sighting: seen(0, { beat: 8 }) }, watch(100_000)],
    ['another owner since', { sighting: seen(0, { token: 3 }) }, watch(100_000)],
    ['another rollout since', { sighting: seen(0, { rollout: rolloutId('r-0') }) }, watch(100_000)],
    ['seen in what is the future, the clock was set back', { sighting: seen(500_000) }, watch(100_000)],
    [
      'a lock for another rollout, which just begins',
      { lock: lock(person, { rollout: rolloutId('r-2') }), process: 'dead' },
      watch(100_000),
    ],
    ['a lock for no rollout', { lock: lock(person, { rollout: null }) }, watch(100_000)],
    [
      "the controller's lock for another rollout",
      { lock: lock(controller, { rollout: rolloutId('r-2') }) },
      watch(100_000),
    ],
  ])('%s', (_name, over, expected) => {
    expect(custodyOf({ ...base, ...over })).toMatchObject(expected);
  });
});
