import { describe, expect, it } from 'vitest';
import { tellEnvironment } from '../../src/commands/which-environment.ts';
import type { Session } from '../../src/app/session.ts';
import type { Context } from '../../src/commands/context.ts';
import type { LoadedConfig } from '../../src/config/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { Connection } from '../../src/app/connection.ts';
import { cliWorld, serving } from '../support/cli-world.ts';
import { virtualClock } from '../support/virtual-clock.ts';
import { instant } from '../../src/domain/units.ts';

const yaml = (chosen: string): string =>
  `model: recommendation\ndefaultEnvironment: ${chosen}\nenvironments:\n  prod:\n    region: eu-west-1\n`;

interface Scene {
  readonly chosen?: string;
  readonly flags?: { readonly environment?: string };
  readonly env?: Readonly<Record<string, string>>;
  /** `hangs`: its store never answers. */
  readonly prod?: 'running' | 'free' | 'hangs' | 'denied';
  readonly yes?: boolean;
  readonly answer?: string;
}

async function told({ chosen = 'local', flags = {}, env = {}, prod = 'free', yes, answer }: Scene) {
  const running = await serving();
  // A rollout that waits for the controller: of the world whose store stands for prod's.
  running.controller = { name: 'the controller', dispatch: () => Promise.resolve() };
  await running.run('deploy v2.3.0 --detach -e dev');
  const free = cliWorld(null);
  const config: LoadedConfig = loadConfig({
    cwd: '/project',
    env,
    flags,
    readFile: () => yaml(chosen),
    exists: (path) => path === '/project/mlreg.yaml',
  });
  const said: string[] = [];
  const asked: string[] = [];
  const clock = virtualClock(instant(0));
  const context = {
    config: () => Promise.resolve(config),
    options: { ...(yes === undefined ? {} : { yes }) },
    output: { say: (text: string) => void said.push(text) },
    world: {
      clock,
      streams: { stderrIsTerminal: answer !== undefined },
      ask: (question: string) => {
        asked.push(question);
        return Promise.resolve(answer ?? null);
      },
      connect: ({ name }: { name: string }) => {
        if (name !== 'prod') return Promise.resolve({ store: free.store } as Connection);
        if (prod === 'hangs') return new Promise<Connection>(() => undefined);
        if (prod === 'denied') return Promise.reject(new Error('AccessDenied'));
        return Promise.resolve({ store: prod === 'running' ? running.store : free.store } as Connection);
      },
    },
  } as unknown as Context;
  const at = { config: config.environment() } as Session;
  const refused = await tellEnvironment(context, at).then(
    () => null,
    (error: unknown) => error as Error & { mend: readonly string[] },
  );
  return { said, asked, refused };
}

describe('a rollback for which nobody named an environment', () => {
  it('says first where it acts, and by which line', async () => {
    expect((await told({ chosen: 'prod' })).said).toEqual([
      'in prod (mlreg.yaml:2; --environment NAME for another)',
    ]);
  });

  it.each([
    ['by a flag', { flags: { environment: 'local' } }],
    ['by a variable', { env: { MLREG_ENVIRONMENT: 'local' } }],
  ])('is none where it was named %s', async (_, named) => {
    expect(await told({ ...named, prod: 'running' })).toEqual({ said: [], asked: [], refused: null });
  });

  it('never means the local one while another one has a rollout under way', async () => {
    const { refused } = await told({ prod: 'running' });
    expect(refused?.message).toBe('a rollout is under way in prod, and no environment was named');
    expect(refused?.mend[0]).toBe('mlreg rollback --environment prod');
  });

  it.each([
    ['none is under way', { prod: 'free' }],
    ['the other one does not answer', { prod: 'hangs' }],
    ['the other one may not be read', { prod: 'denied' }],
    ['--yes is given', { prod: 'running', yes: true }],
    ['a person agrees', { prod: 'running', answer: 'y' }],
  ] as const)('means the local one where %s', async (_, scene) => {
    expect((await told(scene)).refused).toBeNull();
  });

  it('asks at a terminal, and takes silence for no', async () => {
    const { asked, refused } = await told({ prod: 'running', answer: '' });
    expect(asked).toEqual(['A rollout is under way in prod. Roll back local all the same? [y/N] ']);
    expect(refused).not.toBeNull();
  });
});

describe('where there is no mlreg.yaml', () => {
  it.each(['rollback', 'abort', 'status'])('%s is not told to init', async (words) => {
    const { code, stderr } = await cliWorld(null).run(words);
    expect(code).toBe(2);
    expect(stderr).not.toContain('mlreg init');
    expect(stderr).toContain('the same command in the folder of mlreg.yaml');
  });

  it('deploy is', async () => {
    expect((await cliWorld(null).run('deploy v1')).stderr).toContain('mlreg init');
  });
});

it('a file that is named and not there is told by the one that is', async () => {
  const { code, stderr } = await (await serving()).run('status -c nope.yaml');
  expect(code).toBe(2);
  expect(stderr).toBe('✖ there is no file nope.yaml\n  try  --config mlreg.yaml\n');
});
