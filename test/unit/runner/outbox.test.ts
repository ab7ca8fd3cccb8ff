import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { instant, type Instant, rolloutId } from '../../../src/domain/units.ts';
import type { Channel, Clock } from '../../../src/ports/index.ts';
import { NotDelivered, type Notice } from '../../../src/domain/notice.ts';
import { drive } from '../../../src/runner/drive.ts';
import { noticeOf } from '../../../src/view/notices.ts';
import { createOutbox, type Outbox } from '../../../src/runner/outbox.ts';
import { start } from '../../../src/runner/own.ts';
import { apply, replay } from '../../../src/engine/fold-journal.ts';
import { openMemoryStore } from '../../support/memory-store.ts';
import { type ModelWorld, modelWorld, seedRegistry, startOf, v23 } from '../../support/model-world.ts';

const id = rolloutId('r-1');
const never = new AbortController().signal;

/** Time stands still until somebody moves it on. */
function handClock(at: Instant): Clock & { advance(ms: number): Promise<void> } {
  let now = at;
  const sleepers: { readonly until: Instant; readonly wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let n = 0; n < 200; n++) await null;
  };
  return {
    now: () => now,
    sleepUntil: (until, signal) =>
      new Promise((wake) => {
        sleepers.push({ until, wake });
        signal?.addEventListener('abort', () => wake());
      }),
    async advance(ms) {
      await settle();
      now = instant(now + ms);
      for (const { until, wake } of sleepers) if (until <= now) wake();
      await settle();
    },
  };
}

let world: ModelWorld;
let clock: ReturnType<typeof handClock>;
let outbox: Outbox;
let sent: string[];
let channels: { sns: Channel; slack: Channel };
beforeEach(async () => {
  world = modelWorld();
  await seedRegistry(world);
  clock = handClock(world.ports.clock.now());
  sent = [];
  const channel = (name: string): Channel => ({
    name,
    send: async (notice) => void sent.push(`${name} ${notice.eventId} ${notice.progress}`),
  });
  channels = { sns: channel('sns'), slack: channel('slack') };
});

const store = () => openMemoryStore(world.place);
const open = (list: readonly Channel[] = [channels.sns]): Outbox =>
  createOutbox({ store: store(), channels: list, clock });

/** A whole rollout, each entry noted as it is written. */
async function rollOut(to: Outbox | null, errors = 0): Promise<readonly Entry[]> {
  world.behaviour[v23] = { errors, latencyMs: 20 };
  const ports = {
    ...world.ports,
    onEntry: (entry: Entry, state: Parameters<Outbox['note']>[1]) => to?.note(entry, state),
  };
  const journal = await start(ports, id, startOf());
  await drive(ports, journal, { signal: never });
  return store().journal(id);
}

function noticesOf(entries: readonly Entry[]): readonly Notice[] {
  let state = replay(id, entries.slice(0, 1));
  return entries.flatMap((entry, index) => {
    if (index > 0) state = apply(state, entry);
    return noticeOf(state, entry) ?? [];
  });
}

describe('what people are told', () => {
  it('of a rollout that goes well', async () => {
    const notices = noticesOf(await rollOut(null));
    expect(notices.map(({ progress, subject }) => `${progress}: ${subject}`)).toEqual([
      'begun: [local] recommendation v2.3.0 canary began: from v2.2.0',
      'promoted: [local] recommendation v2.3.0 PROMOTED: it serves everybody',
    ]);
  });

  it('of one that is rolled back', async () => {
    const notices = noticesOf(await rollOut(null, 0.3));
    expect(notices.map(({ progress }) => progress)).toEqual(['begun', 'going-back', 'rolled-back']);
    const { subject, body } = notices.at(-1)!;
    expect(subject).toMatch(
      /^\[local\] recommendation v2\.3\.0 ROLLED BACK: 30 % errors, champion 0\.?\d* %$/,
    );
    expect(body).toMatchInlineSnapshot(`
      "[local] recommendation v2.3.0 ROLLED BACK: 30 % errors, champion 0 %
      v2.2.0 serves 100 %
      360 endpoint errors a minute, limit 10 a minute, champion 0 a minute, over 60 challenger requests. Odds of this by chance: 1 in 4,100.
      where: local emulator
      rollout: r-1, canary v2.2.0 -> v2.3.0
      by: ana
      for: 5s
      challenger: 60 requests, 30 % errors, p95 24 ms
      champion: 540 requests, 0 % errors, p95 24 ms
      failed: at least 18 of 60 requests failed (the champion's rate would give 0); later metrics were not read
      next: mlreg show r-1 --environment local"
    `);
    expect(notices.every((notice) => notice.subject.length < 100)).toBe(true);
  });
});

describe('an outbox', () => {
  it('tells each channel everything once, in order', async () => {
    outbox = open([channels.sns, channels.slack]);
    const notices = noticesOf(await rollOut(outbox));
    expect(await outbox.flush(3_000)).toEqual([]);
    for (const name of ['sns', 'slack']) {
      expect(sent.filter((line) => line.startsWith(name))).toEqual(
        notices.map(({ eventId, progress }) => `${name} ${eventId} ${progress}`),
      );
    }
    await open([channels.sns, channels.slack]).sweep();
    expect(sent).toHaveLength(2 * notices.length);
  });

  it('loses nothing where the process died before, while or after it sent', async () => {
    const dying: Channel = {
      name: 'sns',
      send: async (notice) => {
        await channels.sns.send(notice);
        // Nobody will ever hear of it.
        await new Promise(() => undefined);
      },
    };
    const notices = noticesOf(await rollOut(open([dying])));
    expect(sent).toHaveLength(1);
    const next = open();
    await next.sweep();
    expect(await next.flush(3_000)).toEqual([]);
    const ids = sent.map((line) => line.split(' ')[1]);
    expect(new Set(ids)).toEqual(new Set(notices.map(({ eventId }) => eventId)));
    expect(ids).toHaveLength(notices.length + 1);
  });

  it('is never waited for by a rollout, however its channels hang or fail', async () => {
    const hanging: Channel = { name: 'slack', send: () => new Promise(() => undefined) };
    const failing: Channel = { name: 'github', send: () => Promise.reject(new Error('GitHub answered 403')) };
    outbox = open([hanging, failing, channels.sns]);
    const entries = await rollOut(outbox, 0.3);
    expect(entries.at(-1)).toMatchObject({ kind: 'ended', outcome: { kind: 'rolled-back' } });
    const flushed = outbox.flush(3_000);
    await clock.advance(3_000);
    expect(await flushed).toEqual([
      { channel: 'slack', notices: 3, why: 'no answer yet' },
      { channel: 'github', notices: 3, why: 'GitHub answered 403' },
    ]);
    expect(sent).toHaveLength(3);
  });

  it('tries again, ever later, and leaves it to the next process in the end', async () => {
    let tries = 0;
    let isUp = false;
    const flaky: Channel = {
      name: 'sns',
      send: async (notice) => {
        tries++;
        if (!isUp) throw new Error('down');
        await channels.sns.send(notice);
      },
    };
    outbox = open([flaky]);
    await rollOut(outbox);
    for (let minute = 0; minute < 30; minute++) await clock.advance(60_000);
    expect(tries).toBe(6);
    isUp = true;
    const next = open([flaky]);
    await next.sweep();
    expect(await next.flush(3_000)).toEqual([]);
    expect(sent).toHaveLength(2);
  });

  it('leaves a receiver alone for as long as it asks, and no longer than five minutes', async () => {
    let tries = 0;
    channels.sns.send = async () => {
      tries++;
      throw new NotDelivered('429', tries === 1 ? 60_000 : 86_400_000);
    };
    outbox = open();
    await rollOut(outbox);
    await clock.advance(59_000);
    expect(tries).toBe(1);
    await clock.advance(1_000);
    expect(tries).toBe(2);
    await clock.advance(299_000);
    expect(tries).toBe(2);
    await clock.advance(1_000);
    expect(tries).toBe(3);
  });

  it('gives a channel that does not answer ten seconds a message', async () => {
    let tries = 0;
    const slow: Channel = {
      name: 'sns',
      send: (notice) => (tries++ === 0 ? new Promise(() => undefined) : channels.sns.send(notice)),
    };
    outbox = open([slow]);
    await rollOut(outbox);
    await clock.advance(10_000);
    await clock.advance(1_000);
    expect(await outbox.flush(3_000)).toEqual([]);
    expect(sent).toHaveLength(2);
  });

  it('tells nobody of what happened a day ago', async () => {
    await rollOut(null);
    await clock.advance(25 * 3_600_000);
    const next = open();
    await next.sweep();
    expect(await next.flush(3_000)).toEqual([]);
    expect(sent).toEqual([]);
    expect(await store().told(id)).toHaveProperty('sns');
  });

  it('says nothing where the store is out of reach', async () => {
    const broken = { ...store(), rollouts: () => Promise.reject(new Error('no answer')) };
    await expect(
      createOutbox({ store: broken, channels: [channels.sns], clock }).sweep(),
    ).resolves.toBeUndefined();
  });
});
