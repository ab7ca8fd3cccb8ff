import { describe, expect, it } from 'vitest';
import type { SignalName } from '../../src/host/world.ts';
import { baking, type CliWorld, projectConfig, serving, type Typed } from '../support/cli-world.ts';
import { type Fault, readOnlyStore } from '../support/model-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const home = { functionVersion: '7', weights: {} };
const person = (...answers: readonly string[]): Typed => ({ terminal: true, answers });

/** Interrupted while the challenger gets 10 %. */
async function interrupted(cli: CliWorld, signal: SignalName, typed?: Typed, words = deploy) {
  cli.when(baking(10), () => cli.signal(signal));
  const ran = await cli.run(words, typed);
  return { ...ran, status: await cli.ask('status') };
}

describe('where nobody can be asked', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s goes back in a protected environment', async (signal, code) => {
    const cli = await serving();
    const ran = await interrupted(cli, signal, {}, `${deploy} -e prod --yes`);
    expect([ran.code, ran.stderr]).toEqual([
      code,
      expect.stringContaining(`${signal}: rolling back (onInterrupt of prod)`),
    ]);
    expect(ran.stdout).toContain(`interrupted by ${signal}`);
    expect(cli.model.alias().target).toEqual(home);
    expect(ran.status).toMatchObject({ champion: 'v2.2.0', rollout: null });
  });

  it('holds elsewhere, and says what to type; resume goes on at once', async () => {
    const cli = await serving();
    const ran = await interrupted(cli, 'SIGTERM');
    expect([ran.code, ran.stderr]).toEqual([
      143,
      expect.stringContaining('holding; nobody watches r-1 now. Go on with: mlreg resume'),
    ]);
    expect(ran.status).toMatchObject({ owner: null, rollout: { phase: 'forward', challengerPercent: 10 } });
    expect((await cli.run('resume', { host: 'runner' })).stderr).not.toContain('still lives');
  });

  it('advances no more from that moment on', async () => {
    const cli = await serving(projectConfig.replace('dev: {', 'dev: { onInterrupt: hold, '));
    cli.when(
      (entry) => entry.kind === 'intent' && entry.effect.kind === 'publish',
      () => cli.signal('SIGTERM'),
    );
    await cli.run(deploy);
    const { rollout } = await cli.ask('status');
    expect(rollout.step).toMatchObject({ kind: 'provision' });
    expect(cli.model.calls.filter((call) => call === 'publish')).toHaveLength(1);
  });
});

describe('at a terminal', () => {
  it.each([
    ['r', home],
    ['R ', home],
    ['', home],
    ['what?', home],
  ] as const)('%j goes back', async (answer, target) => {
    const cli = await serving();
    const ran = await interrupted(cli, 'SIGINT', person(answer), `${deploy} --quiet`);
    expect([ran.code, cli.model.alias().target]).toEqual([130, target]);
    expect(cli.questions[0]).toContain('[r] roll back now');
  });

  it('no answer goes back after 15 s', async () => {
    const cli = await serving();
    const ran = await interrupted(cli, 'SIGINT', person(), `${deploy} --quiet`);
    expect([ran.code, cli.model.alias().target]).toEqual([130, home]);
  });

  it('h holds', async () => {
    const cli = await serving();
    const ran = await interrupted(cli, 'SIGINT', person('h'), `${deploy} --quiet`);
    expect([ran.code, ran.status.rollout.challengerPercent]).toEqual([130, 10]);
  });

  it('c goes on', async () => {
    const cli = await serving();
    expect((await interrupted(cli, 'SIGINT', person('c'), `${deploy} --quiet`)).code).toBe(0);
  });

  it('a second one leaves, without a write', async () => {
    const cli = await serving();
    cli.when(baking(10), () => cli.signal('SIGINT'));
    cli.whenAsked = () => queueMicrotask(() => cli.signal('SIGINT'));
    expect((await cli.run(`${deploy} --quiet`, person())).code).toBe(130);
    expect((await cli.ask('status')).rollout).toMatchObject({ phase: 'forward', challengerPercent: 10 });
  });

  it('SIGTERM asks nobody', async () => {
    const cli = await serving();
    const { code } = await interrupted(cli, 'SIGTERM', person('c'), `${deploy} --quiet`);
    expect([code, cli.questions]).toEqual([143, []]);
  });
});

describe('while it goes back', () => {
  const trouble = (cli: CliWorld): void => {
    cli.model.fault = (_at, name) => (name === 'writeAlias' ? 'error-before' : null);
  };

  it('the first changes nothing, and a second one leaves it to resume', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = { errors: 0.3, latencyMs: 20 };
    cli.when(
      (entry) =>
        entry.kind === 'intent' && entry.effect.kind === 'set-alias' && entry.effect.purpose === 'roll-back',
      () => {
        trouble(cli);
        cli.signal('SIGINT');
        cli.when(
          ({ kind }) => kind === 'failed',
          () => cli.signal('SIGINT'),
        );
      },
    );
    const { code, stderr } = await cli.run(deploy);
    expect([code, stderr]).toEqual([130, expect.stringContaining('already rolling back')]);
    expect(stderr).toContain('left r-1 as it is');
    cli.model.fault = () => null;
    expect((await cli.run('resume')).code).toBe(3);
    expect(cli.model.alias().target).toEqual(home);
  });

  it('after an interrupt a second one leaves', async () => {
    const cli = await serving();
    cli.when(baking(10), () => {
      trouble(cli);
      cli.signal('SIGTERM');
      cli.when(
        ({ kind }) => kind === 'failed',
        () => cli.signal('SIGTERM'),
      );
    });
    const { code, stderr } = await cli.run(`${deploy} -e prod --yes`);
    expect([code, stderr]).toEqual([143, expect.stringContaining('left r-1 as it is')]);
  });
});

describe('while the store is out', () => {
  const storeOut = (_index: number, name: string): Fault | null =>
    name.startsWith('store.') ? 'read-only' : null;

  async function interruptedWithout(fault: typeof storeOut, signal: SignalName, typed?: Typed) {
    const cli = await serving();
    cli.when(baking(10), () => {
      cli.model.fault = fault;
      cli.signal(signal);
    });
    const words = typed === undefined ? `${deploy} -e prod --yes` : `${deploy} --quiet`;
    return { cli, ran: await cli.run(words, typed) };
  }

  it.each([
    ['SIGINT', 130, 'is out of reach', storeOut],
    ['SIGTERM', 143, 'is out of reach', storeOut],
    ['SIGTERM', 143, 'can be read and not written', readOnlyStore],
  ] as const)('%s rolls back by the alias alone, exit code %i: it %s', async (signal, code, _how, fault) => {
    const { cli, ran } = await interruptedWithout(fault, signal);
    expect([ran.code, ran.stdout]).toEqual([code, expect.stringContaining(`interrupted by ${signal}`)]);
    expect(ran.stdout).toMatch(/^ROLLED BACK|rolled back/i);
    expect(ran.stderr).toContain('alias live serves Lambda version 7 alone, read back');
    expect(ran.stderr).toContain('mlreg resume --environment prod');
    expect(ran.stderr).not.toContain('nobody drives it');
    expect(cli.model.alias()).toMatchObject({ target: home, stamp: { detail: { purpose: 'blind' } } });
    cli.model.fault = () => null;
    expect([0, 9]).toContain((await cli.run('resume -e prod')).code);
    expect(await cli.ask('status -e prod')).toMatchObject({
      champion: 'v2.2.0',
      rollout: null,
      alias: { functionVersion: '7' },
    });
  });

  it('rolls back where a person answers so', async () => {
    const { cli, ran } = await interruptedWithout(storeOut, 'SIGINT', person('r'));
    expect([ran.code, cli.model.alias().target]).toEqual([130, home]);
  });

  it('holds where a person answers so, and keeps the exit code', async () => {
    const { ran } = await interruptedWithout(storeOut, 'SIGINT', person('h'));
    expect(ran.code).toBe(130);
  });

  it('leaves the alias to a newer owner', async () => {
    const cli = await serving();
    cli.when(baking(10), () => {
      const { target, stamp } = cli.model.alias();
      cli.model.makeAlias('live', target, { ...stamp!, token: stamp!.token + 1 });
      cli.model.fault = storeOut;
      cli.signal('SIGTERM');
    });
    const { stderr } = await cli.run(`${deploy} -e prod --yes`);
    expect(stderr).toContain('it goes on there');
    expect(cli.model.alias().target).not.toEqual(home);
  });

  it('does not claim what AWS refused', async () => {
    const { cli, ran } = await interruptedWithout(
      (_index, name) => (name.startsWith('store.') ? 'read-only' : name === 'writeAlias' ? 'denied' : null),
      'SIGTERM',
    );
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('alias live could not be moved');
    expect(ran.stderr).toContain('mlreg rollback --environment prod');
    expect(cli.model.alias().target).not.toEqual(home);
  });
});
