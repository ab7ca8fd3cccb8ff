import { describe, expect, it } from 'vitest';
import { libraryOn } from '../../src/library/library.ts';
import type { ConnectOptions, Environment, Library, RolloutEvent } from '../../src/library/types.ts';
import { bad, baking, type CliWorld, cliWorld, serving, type Typed } from '../support/cli-world.ts';

/** Calls the library in a process of its own beside the command line's. */
const embed = <T>(
  cli: CliWorld,
  use: (mlreg: Library, dev: Environment) => Promise<T>,
  { typed, ...options }: ConnectOptions & { readonly typed?: Typed } = {},
): Promise<T> =>
  cli.embed(async (machine) => {
    const mlreg = libraryOn(machine);
    return use(mlreg, await mlreg.connect(options));
  }, typed);

const v2 = { modelVersion: 'v2.3.0' } as const;

describe('the library', () => {
  it('plans what the command line plans, and changes nothing', async () => {
    const cli = await serving();
    const planned = await embed(cli, (mlreg, dev) =>
      mlreg.plan(dev, { ...v2, steps: [5, 100], bake: '20s' }),
    );
    const printed = await cli.ask('plan v2.3.0 --steps 5,100 --bake 20s');
    expect({ apiVersion: 'mlreg/v1', ...JSON.parse(JSON.stringify(planned.answer)) }).toEqual(printed);
    expect(planned).toMatchObject({ strategy: 'canary', champion: 'v2.2.0', challenger: 'v2.3.0' });
    expect(planned.steps).toMatchSnapshot();
    expect(cli.model.calls).not.toContain('writeAlias');
  });

  it('rolls out a version, and tells each event that the command line prints', async () => {
    const cli = await serving();
    const events: RolloutEvent[] = [];
    const result = await embed(cli, (mlreg, dev) =>
      mlreg.start(dev, { ...v2, reason: 'nightly', onEvent: (event) => events.push(event) }),
    );
    expect(result).toEqual({ kind: 'succeeded', rollout: 'r-1', sentence: expect.any(String) as string });
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.3.0' });
    const { stdout } = await (await serving()).run(
      'deploy --model-version v2.3.0 --reason nightly -o ndjson',
    );
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.map(({ fields, ...event }) => ({ ...event, ...fields }))).toEqual(
      printed.filter(({ apiVersion }) => apiVersion === undefined),
    );
    expect(await cli.ask('show')).toMatchObject({ reason: 'nightly', by: 'ana' });
  });

  it('rolls back what fails, and says why', async () => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    const result = await embed(cli, (mlreg, dev) => mlreg.start(dev, v2));
    expect(result).toMatchObject({ kind: 'rolled-back', why: 'verdict', rollout: 'r-1' });
    expect(cli.model.alias().target).toEqual({ functionVersion: '7', weights: {} });
  });

  it('begins nothing where the version serves already', async () => {
    const cli = await serving();
    const result = await embed(cli, (mlreg, dev) => mlreg.start(dev, { modelVersion: 'v2.2.0' }));
    expect(result).toEqual({ kind: 'already-serving', version: 'v2.2.0' });
  });

  it.each([
    ['rollback', { kind: 'rolled-back', why: 'interrupt' }],
    ['hold', { kind: 'held' }],
  ])('told to stop does what onInterrupt says: %s', async (onInterrupt, result) => {
    const cli = await serving();
    const yaml = cli.files.get('/project/mlreg.yaml') ?? '';
    cli.files.set('/project/mlreg.yaml', `${yaml}\nonInterrupt: ${onInterrupt}\n`);
    const stop = new AbortController();
    cli.when(baking(10), () => stop.abort());
    expect(await embed(cli, (mlreg, dev) => mlreg.start(dev, { ...v2, signal: stop.signal }))).toMatchObject(
      result,
    );
  });

  it('goes on when a listener throws, and says so', async () => {
    const cli = await serving();
    const remarks: string[] = [];
    const onEvent = (): void => {
      throw new Error('the listener is broken');
    };
    const onRemark = (text: string): void => void remarks.push(text);
    const result = await embed(cli, (mlreg, dev) => mlreg.start(dev, { ...v2, onEvent }), { onRemark });
    expect(result).toMatchObject({ kind: 'succeeded' });
    expect(remarks).toContain('onEvent threw: the listener is broken');
  });

  it('shows what serves, before, during and after a rollout', async () => {
    const cli = await serving();
    const seen: unknown[] = [];
    const look = (): void =>
      void embed(cli, (mlreg, dev) => mlreg.status(dev)).then((status) => seen.push(status));
    cli.when(baking(10), look);
    const before = await embed(cli, (mlreg, dev) => mlreg.status(dev));
    expect(before).toMatchObject({
      champion: 'v2.2.0',
      shares: { 'v2.2.0': 100 },
      rollout: null,
      problem: null,
    });
    await embed(cli, (mlreg, dev) => mlreg.start(dev, v2));
    expect(seen).toMatchObject([
      {
        champion: 'v2.2.0',
        rollout: { id: 'r-1', challenger: 'v2.3.0', challengerPercent: 10, owner: 'ana' },
      },
    ]);
  });

  it('rolls back to the version before, and tells the events', async () => {
    const cli = await serving();
    await embed(cli, (mlreg, dev) => mlreg.start(dev, v2));
    const types: string[] = [];
    const onEvent = ({ type }: RolloutEvent): void => void types.push(type);
    const result = await embed(cli, (mlreg, dev) =>
      mlreg.rollback(dev, { reason: 'complaints', confirmed: true, onEvent }),
    );
    expect(result).toMatchObject({
      done: true,
      exitCode: 0,
      answer: { kind: 'Rollout', outcome: { kind: 'succeeded' } },
    });
    expect(types).toContain('rollout.start');
    expect(await cli.ask('status')).toMatchObject({ champion: 'v2.2.0' });
  });

  it('aborts the rollout of another process', async () => {
    const cli = await serving();
    let aborted: unknown;
    cli.when(baking(10), () => {
      void embed(cli, (mlreg, dev) => mlreg.abort(dev, { reason: 'wrong data' })).then(
        (result) => (aborted = result),
      );
    });
    const result = await embed(cli, (mlreg, dev) => mlreg.start(dev, v2));
    expect(result).toMatchObject({ kind: 'rolled-back', why: 'abort' });
    await expect.poll(() => aborted).toMatchObject({ done: true, exitCode: 0 });
  });

  it('needs it to be confirmed in a protected environment', async () => {
    const cli = await serving();
    const first = embed(cli, (mlreg, prod) => mlreg.start(prod, { ...v2, smoke: false, reason: 'first' }), {
      environment: 'prod',
    });
    await expect(first).rejects.toMatchObject({ name: 'UserError', fault: 'usage' });
    expect(cli.model.calls).not.toContain('writeAlias');
  });

  it('refuses a request by the same rules as the command line', async () => {
    const cli = await serving();
    const wrong = embed(cli, (mlreg, dev) => mlreg.plan(dev, { ...v2, steps: [50, 10] }));
    await expect(wrong).rejects.toMatchObject({
      name: 'UserError',
      message: '--steps: 10 % does not grow on 50 %',
      mend: ['--steps 10,50,100'],
    });
  });

  it('says who acts', async () => {
    const cli = await serving();
    await embed(cli, (mlreg, dev) => mlreg.start(dev, v2), { actor: 'release train' });
    const { entries } = await cli.ask('show');
    expect(entries[0].by).toMatchObject({
      command: "import 'mlreg'",
      identity: { proof: 'aws', claimed: 'release train' },
    });
  });

  it('names what is wrong with mlreg.yaml', async () => {
    const cli = cliWorld(null);
    await expect(embed(cli, (mlreg, dev) => mlreg.plan(dev, v2))).rejects.toMatchObject({
      name: 'UserError',
    });
  });

  it('takes no environment that it has not connected', async () => {
    const cli = await serving();
    const stranger = { name: 'dev', model: 'recommendation', place: 'nowhere' };
    await expect(embed(cli, (mlreg) => mlreg.status(stranger))).rejects.toThrow(TypeError);
  });
});
