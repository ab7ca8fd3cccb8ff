import { describe, expect, it } from 'vitest';
import { widthOf } from '../../src/reporting/width.ts';
import { bad, baking, type CliWorld, projectConfig, serving, type Typed } from '../support/cli-world.ts';

const deploy = 'deploy --model-version v2.3.0';
const columnsOf = (columns: number): Typed => ({ terminal: true, columns });

/** Lines wider than the terminal, without the signs that draw. */
const tooWide = (text: string, columns: number): readonly string[] =>
  text
    .replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, '')
    .split(/[\r\n]/)
    .filter((line) => widthOf(line) > columns);

async function withHistory(): Promise<CliWorld> {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  await cli.run(`${deploy} --reason "a reason with 日本語 and a very long word ${'x'.repeat(60)}"`);
  delete cli.model.behaviour['v2.3.0'];
  await cli.run(`${deploy} --strategy shadow --sample 25`);
  return cli;
}

describe('no line is wider than the terminal', () => {
  it.each([40, 60, 80, 120])('of %i columns, in any command', async (columns) => {
    const cli = await withHistory();
    for (const words of [
      'status',
      'history',
      'show r-1',
      'show r-2',
      'versions',
      'plan --model-version v2.3.0',
      'config show',
      'doctor',
      'audit verify',
      'show r-9',
      'rollback --dry-run',
      'deploy --model-version v9',
      '--help',
      'deploy --help',
      'register',
    ]) {
      const { stdout, stderr } = await cli.run(words, columnsOf(columns));
      expect([words, tooWide(stdout + stderr, columns)]).toEqual([words, []]);
    }
  });

  it.each([40, 80])('of %i columns, while a rollout runs in it', async (columns) => {
    const cli = await serving();
    cli.model.behaviour['v2.3.0'] = bad;
    const { stdout, stderr } = await cli.run(deploy, columnsOf(columns));
    expect(tooWide(stdout + stderr, columns)).toEqual([]);
    expect(stderr).toContain('\u001b[?2026h');
  });
});

describe('status begins with what users get', () => {
  it('and says so where the metrics can not be read, never 0 %', async () => {
    const cli = await serving();
    Object.assign(cli.model.ports.metrics, {
      read: async () => ({ kind: 'unreadable', why: 'cloudwatch:GetMetricData is denied', denied: true }),
    });
    const { stdout } = await cli.run('status');
    expect(stdout.split('\n')[0]).toBe(
      "100 % of users get v2.2.0 (read back 15:06:40Z); the last minute's errors can't be read: cloudwatch:GetMetricData is denied",
    );
  });

  it('and says that nobody called', async () => {
    const cli = await serving();
    Object.assign(cli.model.ports.metrics, { read: async () => ({ kind: 'read', observations: [] }) });
    expect((await cli.run('status')).stdout.split('\n')[0]).toMatch(
      /; no request was seen in the last minutes$/,
    );
  });

  it('and in JSON', async () => {
    const cli = await serving();
    const { serves } = await cli.ask('status');
    expect(serves).toMatchObject({ shares: { 'v2.2.0': 100 }, lastMinute: { kind: 'counted', errors: 0 } });
  });
});

it('shows who paused a rollout, and why, wherever it is shown', async () => {
  const cli = await serving();
  const seen: Promise<string>[] = [];
  cli.when(baking(10), () => {
    void cli.run('pause --reason "lunch with the team"', { as: 'bob' });
  });
  cli.when(
    (entry) => entry.kind === 'request' && entry.request.kind === 'pause',
    () => {
      seen.push(
        cli.run('status').then(({ stdout }) => stdout),
        cli.run('history').then(({ stdout }) => stdout),
      );
      setImmediate(() => void cli.run('resume', { as: 'bob' }));
    },
  );
  await cli.run(deploy);
  const [status = '', history = ''] = await Promise.all(seen);
  expect(status.split('\n')[1]).toContain('is paused at 10 %');
  expect(status.split('\n')[1]).toContain('by bob: lunch with the team');
  expect(history).toMatch(/paused .*lunch with the team/);
});

it('calls no rollout "forward"', async () => {
  const cli = await serving();
  let history: Promise<string> | undefined;
  cli.when(baking(10), () => {
    history = cli.run('history').then(({ stdout }) => stdout);
  });
  await cli.run(deploy);
  expect(await history).toMatch(/ baking /);
  expect(await history).not.toContain('forward');
});

it('tells a watcher each step with its own time, and why the watch ends', async () => {
  const cli = await serving();
  let watched: Promise<{ stderr: string; code: number }> | undefined;
  cli.when(baking(50), () => {
    watched = cli.run('watch --duration 2s', { as: 'bob' });
  });
  await cli.run(deploy);
  const { code, stderr } = await watched!;
  const took = [...stderr.matchAll(/step\.done .*took=(\S+)/g)].map(([, time]) => time);
  expect(new Set(took).size).toBeGreaterThan(1);
  expect(stderr).toMatch(/bake at 10 % for 10s: .* \(1\ds\)/);
  expect([code, stderr]).toEqual([
    6,
    expect.stringContaining('the --duration of this watch is over; r-1 goes on'),
  ]);
});

it.each([
  [
    '',
    /^ended in shadow, answers not judged/,
    'no limit was set on how many answers may differ: 10 % of 1000',
  ],
  [
    'compare: { class: items.0.id, disagreement: 30% }',
    /^passed in shadow/,
    'passed in shadow: 10 % of 1000 answers differ',
  ],
])('a shadow with "%s" is said to have passed where a limit was kept', async (compare, begins, says) => {
  const cli = await serving(
    projectConfig.replace(
      'shadow: { bake: 10s',
      `shadow: { ${compare}${compare === '' ? '' : ', '}bake: 10s`,
    ),
  );
  cli.model.disagreement = 0.1;
  const { stdout } = await cli.run(`${deploy} --strategy shadow --sample 25`);
  expect(stdout).toMatch(begins);
  expect((await cli.run('show r-1')).stdout).toContain(says);
});

it('says on the dashboard, in status and in the summary the same of a stuck rollout', async () => {
  const cli = await serving();
  cli.model.behaviour['v2.3.0'] = bad;
  cli.when(
    (entry) => entry.kind === 'rolling-back',
    () => {
      cli.model.fault = (_index, name) => (name === 'writeAlias' ? 'denied' : null);
    },
  );
  const { code } = await cli.run(deploy, { env: { GITHUB_STEP_SUMMARY: '/summary' } });
  const status = (await cli.run('status')).stdout;
  void cli.run('dashboard');
  while (cli.pages === null) await new Promise(setImmediate);
  const page = (await cli.pages.page('/', 'nonce')) ?? '';
  cli.signal('SIGINT');
  const summary = cli.files.get('/summary') ?? '';
  expect(code).toBe(7);
  for (const text of [status, page, summary]) {
    expect(text).toMatch(/STUCK|stuck/);
    expect(text).not.toMatch(/serves everybody|serves 100|rolled back (?:after|at)/);
    expect(text).toContain('mlreg rollback --environment dev');
  }
});
