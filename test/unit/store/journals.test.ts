import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/domain/journal.ts';
import { rolloutId, versionTag } from '../../../src/domain/units.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { drive } from '../../../src/runner/drive.ts';
import { takeOver } from '../../../src/runner/own.ts';
import { replay } from '../../../src/engine/fold-journal.ts';
import { openStore, verifyStore } from '../../../src/store/embedded.ts';
import { actor, modelWorld } from '../../support/model-world.ts';

/*
 * Journals as former versions of mlreg wrote them, byte for byte. Whoever changes the format adds a file here, and never
 * takes one away: a rollout may have been begun by an older mlreg.
 */
const fixtures = new URL('../../fixtures/journals/', import.meta.url);
const place = { environment: 'local', model: 'recommendation' };
const id = rolloutId('r-1');

let stateDir: string;
let file: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'mlreg-journals-'));
  file = join(stateDir, 'local-recommendation.ndjson');
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const given = (name: string): void => cpSync(new URL(`${name}.ndjson`, fixtures), file);
const store = () => openStore({ stateDir, ...place });

describe('a journal of format 1', () => {
  it('of a rollout that ended is read as it was', async () => {
    given('format-1-rolled-back');
    const state = replay(id, await store().journal(id));
    expect(state.outcome).toMatchObject({
      kind: 'rolled-back',
      cause: { kind: 'verdict' },
      harmedRequests: 18,
    });
    expect((await store().version(versionTag('v2.3.0')))?.status).toBe('rolled_back');
    expect(await verifyStore({ stateDir, ...place })).toMatchObject({ records: 38, lost: 0, torn: 0 });
  });

  it('of a rollout that was interrupted is taken up, and brought to its end', async () => {
    given('format-1-interrupted');
    const before = replay(id, await store().journal(id));
    expect([before.phase, before.observations.length]).toEqual(['forward', 3]);
    const world = modelWorld();
    // What it had published is there, and its alias split.
    for (const version of Object.values(before.published)) world.publishAs(version, {});
    const live = before.aliases.live;
    if (live !== undefined) world.makeAlias('live', live.target, live.stamp);
    world.advance(before.stepSince - world.ports.clock.now() + 5_000);
    const ports = { ...world.ports, store: store() };
    const journal = await takeOver(ports, id, actor('cat'), { alias: 'live' });
    const result = await drive(ports, journal, { signal: new AbortController().signal });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'succeeded' } });
    expect((await store().version(versionTag('v2.3.0')))?.status).toBe('champion');
    expect(await verifyStore({ stateDir, ...place })).not.toHaveProperty('problem');
  });
});

describe('a store of format 2', () => {
  const dev = { environment: 'dev', model: 'recommendation' };
  const opened = (name: string) => {
    cpSync(new URL(`${name}.ndjson`, fixtures), join(stateDir, 'dev-recommendation.ndjson'));
    return openStore({ stateDir, ...dev });
  };

  it('says what became of a promotion, a rollback, one without the store, and a recovery', async () => {
    const kept = opened('format-2-recovered');
    const rollouts = await kept.rollouts();
    const states = await Promise.all(rollouts.map(async (one) => replay(one, await kept.journal(one))));
    expect(
      states.map(({ plan, outcome, committed, repaired }) => [
        plan.strategy,
        outcome?.kind,
        committed,
        repaired !== null,
      ]),
    ).toEqual([
      ['watch', 'restored', false, false],
      ['rollback', 'rolled-back', true, true],
      ['canary', 'succeeded', true, false],
    ]);
    const [, back] = states;
    expect(back?.plan).toMatchObject({
      republishes: expect.stringContaining('holds 1 API key'),
      returnsTo: { functionVersion: '7' },
    });
    expect(back?.published).toEqual({ 'single v2.2.0': '7' });
    expect([back?.keeps, back?.home.functionVersion]).toEqual([null, '10']);
    const statuses = (await kept.versions()).map(({ version, status }) => `${version} ${status}`);
    expect(statuses).toEqual(['v2.2.0 archived', 'v2.3.0 champion']);
    const lock = await kept.lock();
    expect(lock).toMatchObject({ owner: null, store: { epoch: 2, supersedes: [{ epoch: 1 }] } });
    expect(lock).not.toHaveProperty('restoring');
    expect(await kept.writerOf(lock.token)).toBe(lock.writer);
    expect(await kept.writerOf(1)).toMatch(/^[0-9a-f]{8}$/);
    const taken = await kept.acquire({ owner: actor('cat'), rollout: id, takeOver: false, at: lock.takenAt });
    expect(taken).toMatchObject({ kind: 'acquired', lock: { token: lock.token + 1, store: lock.store } });
    expect(await verifyStore({ stateDir, ...dev })).not.toHaveProperty('problem');
  });

  it('has a rollout that was interrupted, which is taken up and brought to its end', async () => {
    const kept = opened('format-2-interrupted');
    const [rollout] = await kept.rollouts();
    if (rollout === undefined) throw new Error('the fixture has a rollout');
    const before = replay(rollout, await kept.journal(rollout));
    expect([before.phase, before.route]).toMatchObject(['forward', { kind: 'split', percent: 50 }]);
    const world = modelWorld();
    for (const version of Object.values(before.published)) world.publishAs(version, {});
    for (const [name, { target, stamp }] of Object.entries(before.aliases))
      world.makeAlias(name, target, stamp);
    world.advance(before.stepSince - world.ports.clock.now() + 5_000);
    const ports = { ...world.ports, store: kept };
    const journal = await takeOver(ports, rollout, actor('cat'), { alias: 'live' });
    const result = await drive(ports, journal, { signal: new AbortController().signal });
    expect(result).toMatchObject({ kind: 'ended', outcome: { kind: 'succeeded' } });
    expect((await kept.version(versionTag('v2.3.0')))?.status).toBe('champion');
    expect(await verifyStore({ stateDir, ...dev })).not.toHaveProperty('problem');
  });
});

describe('a store of format 1', () => {
  it('is read as it is, and becomes one of format 2 when somebody takes its lock', async () => {
    given('format-1-interrupted');
    const before = await store().lock();
    expect(before).not.toHaveProperty('store');
    const entries = await store().journal(id);
    const wish = { kind: 'pause', id: 'q-1', at: entries[0]!.at, by: 'ana', reason: '' } as const;
    await store().post(id, wish);
    expect(await store().lock()).toEqual(before);
    const { lock } = await store().acquire({ owner: actor('cat'), rollout: id, takeOver: true, at: wish.at });
    expect(lock.token).toBe(before.token + 1);
    expect(await store().lock()).toMatchObject({ writer: lock.writer, store: { epoch: 1 } });
    expect(await store().writerOf(before.token)).toBeUndefined();
    expect(await store().journal(id)).toEqual(entries);
    expect(await verifyStore({ stateDir, ...place })).not.toHaveProperty('problem');
    // A program that knows format 1 reads no record of another kind than these.
    const kinds = new Set(
      [...readFileSync(file, 'utf8').matchAll(/"body":\{"kind":"([a-z]+)"/g)].map(([, kind]) => kind),
    );
    const format1 = ['acquire', 'beat', 'release', 'append', 'register', 'change', 'post', 'told'];
    expect([...kinds].filter((kind) => !format1.includes(kind!))).toEqual(['take']);
  });
});

describe('what must not be believed is named, and never acted on', () => {
  const lines = (): string[] => readFileSync(file, 'utf8').split('\n');
  const write = (text: readonly string[]): void => writeFileSync(file, text.join('\n'));

  it.each([
    [
      'a changed number',
      (all: string[]) => all.map((line, n) => (n === 41 ? line.replace('10', '99') : line)),
    ],
    ['a record that is gone', (all: string[]) => all.filter((_line, n) => n !== 41)],
    [
      'two records in another order',
      (all: string[]) => [...all.slice(0, 41), all[43]!, all[42]!, all[41]!, ...all.slice(44)],
    ],
    ['a status set by hand', (all: string[]) => all.map((line) => line.replace('"candidate"', '"champion"'))],
  ])('%s', async (_name, spoil) => {
    given('format-1-interrupted');
    write(spoil(lines()));
    const { problem } = await verifyStore({ stateDir, ...place });
    expect(problem?.line).toBeGreaterThan(0);
    const refusal = { name: 'UserError', fault: 'conflict', message: expect.stringContaining(`${file}:`) };
    await expect(store().journal(id)).rejects.toMatchObject(refusal);
    await expect(store().versions()).rejects.toMatchObject(refusal);
    const before = readFileSync(file);
    const ports = { ...modelWorld().ports, store: store() };
    await expect(takeOver(ports, id, actor(), { alias: 'live' })).rejects.toBeInstanceOf(UserError);
    expect(readFileSync(file)).toEqual(before);
  });

  it('a cut end loses what stood there and nothing else, for nobody was told that it counts', async () => {
    given('format-1-interrupted');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 40));
    expect(await verifyStore({ stateDir, ...place })).toMatchObject({ torn: 1 });
    expect(replay(id, await store().journal(id)).phase).toBe('forward');
  });

  it('a journal of a format to come', async () => {
    given('format-1-interrupted');
    const [first, ...rest] = await store().journal(id);
    const newer = [{ ...first, format: 2 } as unknown as Entry, ...rest];
    expect(() => replay(id, newer)).toThrow(/has format 2, which this mlreg does not know/);
    expect(() => replay(id, rest)).toThrow(/does not begin with 'started'/);
  });
});
