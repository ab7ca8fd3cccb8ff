import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createScene, type Ended, quick, type Scene, succeeds } from '../support/e2e.ts';

/** What a machine's environment, and a careless mlreg.yaml, may hold. */
const planted = {
  AWS_ACCESS_KEY_ID: 'AKIAPLANTED000000001',
  AWS_SECRET_ACCESS_KEY: 'planted-secret-key-2',
  AWS_SESSION_TOKEN: 'planted-session-token-3',
  GITHUB_TOKEN: 'ghp_planted4',
  MLREG_SLACK_WEBHOOK: 'https://hooks.slack.com/services/planted5',
  DATABASE_PASSWORD: 'planted-password-6',
} as const;
const inTheFile = 'https://hooks.slack.com/services/T0/planted7';
const user = 'planted-user-8@example.org';

let scene: Scene;
let token = '';
const said: Ended[] = [];

const run = async (...words: string[]): Promise<Ended> => {
  const ended = await scene.run(...words);
  said.push(ended);
  return ended;
};

beforeAll(async () => {
  scene = createScene('secrets');
  Object.assign(scene.variables, planted, { MLREG_DEBUG: '1' });
  await scene.up();
  token = readDaemonRecord(join(scene.dir, '.mlreg/local'))?.sessionToken ?? '';
});
afterAll(() => scene.end());

/** Every file below, but for the daemon's record, which holds its token for this user alone. */
function files(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'daemon.json' && !entry.name.endsWith('.gz'))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('secrets', () => {
  it('are in no output, no log, no journal and no event, whatever goes wrong', async () => {
    await scene.register('v2.2.0', 'v2.3.0');
    await succeeds(run('deploy', '--model-version', 'v2.2.0'));
    const answer = await fetch(`${scene.gatewayUrl}/recommend`, {
      method: 'POST',
      body: JSON.stringify({ userId: user, features: { carrier: user } }),
    });
    expect(answer.headers.get('x-model-version')).toBe('v2.2.0');
    await scene.faults({ deny: { 'lambda:PublishVersion': true } });
    expect((await run('deploy', '--model-version', 'v2.3.0')).code).not.toBe(0);
    await scene.faults({ reset: true });
    for (const words of [
      ['status'],
      ['status', '-o', 'json'],
      ['history', '-o', 'json'],
      ['versions', '-o', 'json'],
      ['doctor'],
      ['config', 'show'],
      ['plan', '--model-version', 'v2.3.0'],
      ['local', 'status', '-o', 'json'],
    ]) {
      await run(...words);
    }
    const { rollouts } = await scene.look('history');
    for (const { rollout } of rollouts) await run('show', rollout, '-o', 'json');
    // Where it doesn't belong, and is told so without being repeated.
    writeFileSync(
      join(scene.dir, 'mlreg.yaml'),
      JSON.stringify({
        model: 'recommendation',
        defaultEnvironment: 'local',
        environments: { local: { ...quick, region: inTheFile, maxTries: inTheFile } },
      }),
    );
    expect((await run('status')).code).toBe(2);

    const kept = files(scene.dir).filter((file) => !file.endsWith('mlreg.yaml'));
    expect(kept.some((file) => file.includes('events-'))).toBe(true);
    expect(kept.some((file) => file.endsWith('state.json'))).toBe(true);
    const places = [
      ...said.map(({ stdout, stderr }, index) => [`output ${index}`, stdout + stderr] as const),
      ...kept.map((file) => [file, readFileSync(file, 'latin1')] as const),
    ];
    const found = places.flatMap(([place, text]) =>
      [...Object.values(planted), inTheFile, user, token]
        .filter((secret) => secret !== '' && text.includes(secret))
        .map((secret) => `${secret} in ${place}`),
    );
    expect(token).not.toBe('');
    expect(found).toEqual([]);
  });

  it("of this machine's AWS are kept for its user alone", () => {
    const { mode } = statSync(join(scene.dir, '.mlreg/local/daemon.json'));
    expect(mode & 0o077).toBe(0);
    expect(statSync(join(scene.dir, '.mlreg/local')).mode & 0o077).toBe(0);
  });

  it('stay out of git: `git add .` takes nothing of .mlreg/', () => {
    const git = (...words: string[]): string => {
      const env = { PATH: process.env.PATH, HOME: scene.dir, GIT_CONFIG_NOSYSTEM: '1' };
      const { status, stdout, stderr } = spawnSync('git', words, { cwd: scene.dir, env, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    };
    git('init', '--quiet');
    const lines = git('status', '--porcelain', '--ignored', '--untracked-files=all').split('\n');
    expect(lines.filter((line) => line.startsWith('!!'))).toContain('!! .mlreg/.gitignore');
    expect(lines.filter((line) => line.startsWith('!!'))).toContain('!! .mlreg/local/daemon.json');
    expect(lines.filter((line) => line.startsWith('??') && line.includes('.mlreg'))).toEqual([]);
    git('add', '.');
    expect(git('ls-files').split('\n')).toContain('mlreg.yaml');
    expect(git('ls-files')).not.toContain('.mlreg');
  });
});
