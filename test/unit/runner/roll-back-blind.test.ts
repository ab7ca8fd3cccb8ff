import { describe, expect, it } from 'vitest';
import type { MarkerDetail, Stamp } from '../../../src/domain/journal.ts';
import { rolloutId } from '../../../src/domain/units.ts';
import { PlatformError } from '../../../src/ports/platform.ts';
import { rollBackBlind } from '../../../src/runner/roll-back-blind.ts';
import { modelWorld } from '../../support/model-world.ts';
import { id, on } from '../engine/story.ts';

const store = { id: '9f3c21ab', epoch: 3 };
const stampOf = (detail: Partial<MarkerDetail> | null = {}, over: Partial<Stamp> = {}): Stamp => ({
  environment: 'local',
  token: 12,
  seq: 20,
  rollout: id,
  back: '7',
  ...(detail === null
    ? {}
    : { detail: { store, purpose: 'forward', writer: 'aaaaaaaa', target: '8', ...detail } }),
  ...over,
});
const later = rolloutId('r-9');
const ana = { writer: '0a0a0a0a' };
const bob = { writer: '0b0b0b0b' };

function worldWith(stamp: Stamp | undefined) {
  const world = modelWorld();
  world.makeAlias('live', { functionVersion: '8', weights: { 9: 0.5 } }, stamp);
  const order = (given: Parameters<typeof rollBackBlind>[2], green: string | null = null) =>
    rollBackBlind(world.ports.platform, { alias: 'live', green }, given);
  return { ...world, world, order };
}

describe('a rollback by the alias alone', () => {
  it('keeps the store, the epoch and the token of the marker, under number 0 and a writer of its own', async () => {
    const { order, alias } = worldWith(stampOf());
    expect(await order(ana)).toMatchObject({ kind: 'set' });
    expect(alias()).toMatchObject({
      target: on('7'),
      stamp: stampOf({ purpose: 'blind', writer: ana.writer, target: '7' }, { seq: 0 }),
    });
  });

  it('goes where the person says', async () => {
    const { order, alias } = worldWith(stampOf());
    await order({ ...ana, to: '5' });
    expect(alias()).toMatchObject({ target: on('5'), stamp: { back: '5', detail: { target: '5' } } });
  });

  it('over a marker of format 1 has the next token, which an owner of that time stops at, and no store', async () => {
    const { order, alias } = worldWith(stampOf(null));
    await order(ana);
    expect(alias().stamp).toMatchObject({
      token: 13,
      seq: 0,
      detail: { store: { id: '00000000', epoch: 0 }, purpose: 'blind', writer: ana.writer },
    });
  });

  it('is not possible where mlreg never wrote the alias', async () => {
    const { order, alias } = worldWith(undefined);
    expect(await order(ana)).toEqual({ kind: 'no-way-back' });
    expect(alias().target).toEqual({ functionVersion: '8', weights: { 9: 0.5 } });
  });

  it("shows another person's order to another version, and goes over it only by force", async () => {
    const { order, alias } = worldWith(stampOf());
    await order({ ...ana, to: '5' });
    const refused = await order({ ...bob, to: '6' });
    expect(refused).toMatchObject({ kind: 'another-order', wanted: '6', view: { target: on('5') } });
    expect(alias().stamp?.detail?.writer).toBe(ana.writer);
    expect(await order({ ...bob, to: '6', force: true })).toMatchObject({ kind: 'set' });
    expect(alias().target).toEqual(on('6'));
  });

  it('without a version means the one that was ordered already', async () => {
    const { order, alias } = worldWith(stampOf());
    await order({ ...ana, to: '5' });
    expect(await order(bob)).toMatchObject({ kind: 'set' });
    expect(alias()).toMatchObject({ target: on('5'), stamp: { detail: { writer: bob.writer } } });
  });

  it.each<[string, Stamp, boolean, string]>([
    ['a later rollout', stampOf({}, { token: 13, rollout: later }), false, 'another-rollout'],
    ['a later rollout, by force', stampOf({}, { token: 13, rollout: later }), true, 'set'],
    ['a later owner of that rollout', stampOf({}, { token: 13 }), false, 'set'],
    ['an earlier rollout, whose marker stands yet', stampOf({}, { token: 11, rollout: later }), false, 'set'],
    [
      'a later rollout of a store that took the place of this one',
      stampOf({ store: { id: '0ddba110', epoch: 4 } }, { token: 2, rollout: later }),
      false,
      'set',
    ],
  ])('of one rollout over %s', async (_what, found, force, kind) => {
    const { order, alias } = worldWith(found);
    const { revisionId } = alias();
    expect(await order({ ...ana, to: '5', undoes: stampOf(), force })).toMatchObject({ kind });
    if (kind === 'set') expect(alias().target).toEqual(on('5'));
    else expect(alias().revisionId).toBe(revisionId);
  });

  it('that another person was faster than is not reported as done, but looked at again', async () => {
    const { world, order, alias } = worldWith(stampOf());
    const { platform } = world.ports;
    let others = 0;
    const slow = {
      ...platform,
      writeAlias: async (...given: Parameters<typeof platform.writeAlias>) => {
        if (others++ === 0) await order({ ...ana, to: '5' });
        return platform.writeAlias(...given);
      },
    };
    const outcome = await rollBackBlind(slow, { alias: 'live', green: null }, { ...bob, to: '6' });
    expect(outcome).toMatchObject({ kind: 'another-order', wanted: '6' });
    expect(alias()).toMatchObject({ target: on('5'), stamp: { detail: { writer: ana.writer } } });
  });

  it('that another person was faster than, to the same version, is written all the same', async () => {
    const { world, order, alias } = worldWith(stampOf());
    const { platform } = world.ports;
    let others = 0;
    const slow = {
      ...platform,
      writeAlias: async (...given: Parameters<typeof platform.writeAlias>) => {
        if (others++ === 0) await order({ ...ana, to: '5' });
        return platform.writeAlias(...given);
      },
    };
    const outcome = await rollBackBlind(slow, { alias: 'live', green: null }, { ...bob, to: '5' });
    expect(outcome).toMatchObject({ kind: 'set' });
    expect(alias()).toMatchObject({ target: on('5'), stamp: { detail: { writer: bob.writer } } });
  });

  it('whose reply was lost is known by its writer', async () => {
    const { world, order } = worldWith(stampOf());
    world.fault = (_index, name) => (name === 'writeAlias' ? 'lost' : null);
    expect(await order(ana)).toMatchObject({ kind: 'set' });
    expect(world.calls.filter((name) => name === 'writeAlias')).toHaveLength(1);
  });

  it('is written again where somebody moved the alias by hand before it was read back, the second alias too', async () => {
    const { world, order, alias } = worldWith(stampOf());
    world.makeAlias('green', on('8'), stampOf({}, { token: 9, back: '3' }));
    world.fault = (_index, name) => {
      if (
        name === 'readAlias' &&
        alias().target.functionVersion === '7' &&
        alias('green').target.functionVersion === '8'
      )
        if (world.calls.filter((call) => call === 'writeAlias').length === 1)
          world.makeAlias('live', on('6'), alias().stamp);
      return null;
    };
    expect(await order(ana, 'green')).toMatchObject({ kind: 'set', view: { target: on('7') } });
    expect(alias().target).toEqual(on('7'));
    expect(alias('green').target).toEqual(on('7'));
  });

  it('is sent again where it never arrived, and says so in the end', async () => {
    const { world, order, alias } = worldWith(stampOf());
    let tries = 0;
    world.fault = (_index, name) => (name === 'writeAlias' && tries++ < 2 ? 'error-before' : null);
    expect(await order(ana)).toMatchObject({ kind: 'set' });
    expect(alias().target).toEqual(on('7'));
    world.makeAlias('live', on('8'), stampOf());
    world.fault = (_index, name) => (name === 'writeAlias' ? 'denied' : null);
    const denied = await order(bob);
    expect(denied).toMatchObject({ kind: 'failed', error: { failure: { kind: 'denied' } } });
    expect(denied.kind === 'failed' && denied.error).toBeInstanceOf(PlatformError);
  });

  it('takes the second alias along, where that was part of a rollout', async () => {
    const { world, order, alias } = worldWith(stampOf());
    world.makeAlias('green', on('8'), stampOf({}, { token: 9, back: '3' }));
    expect(await order(ana, 'green')).toMatchObject({ kind: 'set' });
    expect(alias('green')).toMatchObject({ target: on('7'), stamp: { token: 12, seq: 0, back: '7' } });
    // Also one without a marker: the rollout may have been about to write its first.
    world.makeAlias('green', on('8'), undefined);
    expect(await order(bob, 'green')).toMatchObject({ kind: 'set' });
    expect(alias('green')).toMatchObject({ target: on('7'), stamp: { token: 12, seq: 0, back: '7' } });
    expect(await order({ writer: '0c0c0c0c' }, 'nowhere')).toMatchObject({ kind: 'set' });
  });
});
