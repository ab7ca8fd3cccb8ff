import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linesOf } from '../../src/commands/lines.ts';
import { readRecording } from '../../src/commands/observations.ts';
import { bad, cliWorld, serving } from '../support/cli-world.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mlreg-replay-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

let files = 0;
function file(lines: readonly unknown[] | string): string {
  const path = join(directory, `${++files}.ndjson`);
  const text = typeof lines === 'string' ? lines : lines.map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(path, text);
  return path;
}

const header = { format: 'mlreg-observations/1', tickSeconds: 10 };
const at = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n * 10_000).toISOString();
const latency = { le: [50, 100, 250, 500, 1_000], count: [400, 300, 150, 40, 8, 2] };
const arm = (requests: number, errors: number) => ({ requests, errors });
const tick = (n: number, errors: number, more: object = {}) => ({
  at: at(n),
  plannedPercent: 10,
  champion: { ...arm(900, 3), throttles: 0, latency },
  challenger: arm(100, errors),
  ...more,
});
const failing = [header, ...Array.from({ length: 30 }, (_, i) => tick(i + 1, 4))];
const healthy = [header, ...Array.from({ length: 30 }, (_, i) => tick(i + 1, i % 3 === 0 ? 1 : 0))];

describe('mlreg replay', () => {
  const strata = { requests: new Array<number>(16).fill(50), errors: new Array<number>(16).fill(0) };
  const buckets = {
    id: [3, 17],
    requests: [9, 8],
    errors: [1, 0],
    slow50: [4, 4],
    slow95: [1, 0],
    slow99: [0, 0],
  };

  it('reads counts of users, which decide nothing where the policy compares requests', async () => {
    const more = { anonymous: arm(30, 2), buckets, bucketsUnread: 'nobody asked' };
    const users = failing.map((line, i) =>
      i === 0
        ? { ...line, salt: 's' }
        : { ...line, ...more, challenger: { ...arm(100, 4), strata, aside: arm(3, 1) } },
    );
    const [with_, without] = await Promise.all(
      [users, failing].map((lines) => cliWorld(null).ask(`replay ${file(lines)}`)),
    );
    expect(with_).toMatchObject({ decision: 'rollback', tick: without.tick, reason: without.reason });
  });

  it.each<[string, object, string]>([
    [
      'one stratum too few',
      { challenger: { ...arm(9, 0), strata: { ...strata, errors: [0] } } },
      'challenger.strata.errors',
    ],
    ['a bucket beyond 999', { buckets: { ...buckets, id: [3, 1000] } }, 'buckets.id[1]'],
    [
      'refused requests of another number of buckets',
      { buckets: { ...buckets, refused: [0] } },
      'buckets.refused: expected 2 entries, one for each bucket, got 1',
    ],
    [
      'buckets that fall',
      { buckets: { ...buckets, id: [17, 3] } },
      'buckets.id[1]: expected growing buckets, 3 comes after 17',
    ],
    [
      'a list too short',
      { buckets: { ...buckets, slow99: [0] } },
      'buckets.slow99: expected 2 entries, one for each bucket, got 1',
    ],
    [
      'more errors than requests',
      { buckets: { ...buckets, errors: [10, 0] } },
      'buckets.errors[0]: 10 of only 9 requests',
    ],
  ])('refuses %s by its name', async (_, more, sentence) => {
    const { code, stderr } = await cliWorld(null).run(`replay ${file([header, tick(1, 0, more)])}`);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it('says what would have been decided, at which tick, and why', async () => {
    const {
      decision,
      tick: n,
      at: when,
      reason,
      harmedRequests,
      ...rest
    } = await cliWorld(null).ask(`replay ${file(failing)}`);
    expect([decision, n, when]).toEqual(['rollback', 7, at(7)]);
    expect(reason).toEqual({ metric: 'errors', evidence: expect.any(Number), threshold: 200 });
    expect(reason.evidence).toBeGreaterThanOrEqual(200);
    expect(harmedRequests).toBe(7 * 4);
    expect(rest).toMatchObject({
      apiVersion: 'mlreg/v1',
      kind: 'Replay',
      ticks: 30,
      policy: { from: 'the built-in defaults (dev)', alpha: 0.01 },
    });
  });

  it('says it in words', async () => {
    const { code, stdout, stderr } = await cliWorld(null).run(`replay ${file(failing)}`);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "rollback  at tick 7, 2026-01-01T00:01:10.000Z
        why        28 of 700 challenger requests failed (4 %), champion 21 of 6,300 (0.33 %). Odds of this by chance: 1 in 970.
        rule       errors against champion
        champion   0.33 % over 6,300 requests
        challenger 4 % over 700 requests
        evidence   487.5, rolls back at 200
        failed     28 of 700 challenger requests failed, or took longer than the latency limit
        ticks      30
        policy     the built-in defaults (dev)
      "
    `);
    const held = await cliWorld(null).run(`replay ${file(healthy)}`);
    expect([held.code, held.stderr]).toEqual([0, '']);
    expect(held.stdout).toMatchInlineSnapshot(`
      "hold  to tick 30, 2026-01-01T00:05:00.000Z
        why        nothing breached, and not shown to be no worse than the champion by the promote margin
        failed     10 of 3,000 challenger requests failed, or took longer than the latency limit
        ticks      30
        policy     the built-in defaults (dev)
      "
    `);
  });

  it('counts the champion’s past among the ticks', async () => {
    const past = Array.from({ length: 20 }, (_, i) =>
      tick(i + 1, 0, { plannedPercent: 0, challenger: null }),
    );
    const trial = Array.from({ length: 30 }, (_, i) => tick(i + 21, 4));
    const answer = await cliWorld(null).ask(`replay ${file([header, ...past, ...trial])}`);
    expect(answer).toMatchObject({ decision: 'rollback', historyTicks: 20, ticks: 50 });
    expect(answer.tick).toBeGreaterThan(20);
    expect(answer.at).toBe(at(answer.tick));
  });

  it('judges by the environment’s policy where there is one', async () => {
    const config = (more: string) => `model: m\nenvironments: { dev: { judge: { ${more} } } }\n`;
    const strict = await cliWorld(config('minimumBake: 0s, promoteMargin: { ratio: 3, difference: 5% }')).ask(
      `replay ${file(healthy)}`,
    );
    expect(strict).toMatchObject({ decision: 'promote', policy: { from: 'mlreg.yaml (dev)' } });
  });

  it('judges by a policy file in mlreg.yaml’s words, over what would hold without it', async () => {
    const cli = cliWorld(null);
    cli.files.set(
      '/project/loose.yaml',
      'judge: { minimumBake: 0s, promoteMargin: { ratio: 3, difference: 5% } }',
    );
    cli.files.set('/project/off.json', '{"guardrails":{"errorRate":"off","meanLatency":"2s"}}');
    const loose = await cli.ask(`replay ${file(healthy)} --policy loose.yaml`);
    expect(loose).toMatchObject({
      decision: 'promote',
      reason: null,
      policy: { from: 'loose.yaml, over the built-in defaults (dev)', promoteMargin: { slower: 0.2 } },
    });
    const off = await cli.ask(`replay ${file(healthy)} --policy off.json`);
    expect(off.policy.guardrails).toEqual({
      errorRate: null,
      meanLatencyMs: 2_000,
      endpointErrorRate: 0.05,
      endpointErrorsPerMinute: null,
      throttleRate: 0.1,
      alarm: null,
    });
  });

  it('tells all mistakes of a policy at once, and nothing else', async () => {
    const cli = cliWorld(null);
    cli.files.set(
      '/project/p.yaml',
      'judge:\n  alpha: 70%\n  alfa: 5\nstrategies: {}\nguardrails:\n  errorRate: 5\n',
    );
    const { code, stdout, stderr } = await cli.run(`replay ${file(failing)} --policy p.yaml`);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').filter((line) => line.startsWith('p.yaml:'))).toEqual([
      "p.yaml:2:10 judge.alpha: expected more than 0% and less than 50%, got '70%'",
      expect.stringMatching(/^p\.yaml:3:3 judge\.alfa: unknown key/),
      'p.yaml:4:1 strategies: a policy has the sections judge and guardrails and no others: take this away',
      'p.yaml:6:14 guardrails.errorRate: expected a share such as 5% or 0.05, or off, got 5',
    ]);
    expect((await cli.run(`replay ${file(failing)} --policy none.yaml`)).code).toBe(2);
  });

  const one = tick(1, 0);
  it.each<[string, readonly unknown[] | string, RegExp]>([
    ['nothing', '', /:1 the first line is missing/],
    ['no JSON', 'requests,errors\n', /:1 the first line is no JSON object/],
    ['no header', [one], /:1 format: expected "mlreg-observations\/1", got nothing/],
    ['another format', [{ ...header, format: 'x/2' }], /:1 format: .* got "x\/2"/],
    ['a tick without length', [{ ...header, tickSeconds: 0 }], /:1 tickSeconds: .* above 0, got 0/],
    [
      'a line cut off',
      `${JSON.stringify(header)}\n${JSON.stringify(one).slice(0, 40)}`,
      /:2 is no JSON object/,
    ],
    ['a list', [header, [1]], /:2 expected a tick as a JSON object, got \[1\]/],
    [
      'a time without zone',
      [header, { ...one, at: '2026-01-01T00:00:10' }],
      /:2 at: expected the end of the tick with its zone/,
    ],
    ['no such day', [header, { ...one, at: '2026-02-31T99:00:10Z' }], /:2 at: expected/],
    [
      'time that stands still',
      [header, one, '', one].filter((l) => l !== ''),
      /:3 at: expected a time after .*00:00:10\.000Z/,
    ],
    ['a share beyond all', [header, { ...one, plannedPercent: 101 }], /:2 plannedPercent: .* got 101/],
    [
      'a count in words',
      [header, { ...one, challenger: { requests: '9', errors: 0 } }],
      /:2 challenger\.requests: expected a number from 0 up, got "9"/,
    ],
    [
      'a count below 0',
      [header, { ...one, champion: { requests: 9, errors: -1 } }],
      /:2 champion\.errors: .* got -1/,
    ],
    [
      'more errors than requests',
      [header, { ...one, challenger: arm(3, 4) }],
      /:2 challenger\.errors: 4 of only 3 requests/,
    ],
    [
      'a typo',
      [header, { ...one, challenger: { ...arm(3, 1), throtles: 1 } }],
      /:2 challenger\.throtles: unknown key/,
    ],
    [
      'buckets that don’t fit',
      [header, { ...one, champion: { ...arm(9, 0), latency: { le: [50, 100], count: [1, 2] } } }],
      /:2 champion\.latency\.count: expected 3 entries, one more than le/,
    ],
    [
      'edges that fall',
      [header, { ...one, champion: { ...arm(9, 0), latency: { le: [50, 40], count: [1, 2, 3] } } }],
      /:2 champion\.latency\.le\[1\]: expected growing/,
    ],
    [
      'a policy that is none',
      [{ ...header, policy: { alpha: 2 } }],
      /:1 policy\.alpha: expected a plan's policy/,
    ],
  ])('refuses %s by line, and prints nothing else', async (_, lines, message) => {
    const { code, stdout, stderr } = await cliWorld(null).run(`replay ${file(lines)}`);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\n {2}try {2}\{"/);
  });

  it('refuses ticks that overlap, and names the line', async () => {
    const between = new Date(Date.UTC(2026, 0, 1) + 15_000).toISOString();
    const { code, stderr } = await cliWorld(null).run(
      `replay ${file([header, tick(1, 0), tick(2, 0, { at: between })])}`,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /ndjson:3.* the tick begins at 2026-01-01T00:00:05.000Z, before the tick before it ends/,
    );
  });

  it('refuses a mistake that comes after the decision', async () => {
    const { code, stdout, stderr } = await cliWorld(null).run(`replay ${file([...failing, { at: 3 }])}`);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(':32 at: expected');
  });

  it('says so where there is no file', async () => {
    const { code, stdout, stderr } = await cliWorld(null).run('replay nowhere.ndjson');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('there is no file nowhere.ndjson');
  });

  it('reads empty lines, CRLF, a byte order mark, and chunks that end anywhere', async () => {
    const text = `\uFEFF${failing.map((line) => JSON.stringify(line)).join('\r\n')}\r\n\n`;
    for (const size of [1, 7, 1_000]) {
      const chunks = Readable.from(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []);
      const { header: first, ticks } = await readRecording(linesOf(chunks, 'stdin'), 'stdin');
      let last = 0;
      for await (const { observation } of ticks) last = observation.at;
      expect([first.tickMs, last]).toEqual([10_000, Date.parse(at(30))]);
    }
  });

  it('refuses a line without end', async () => {
    const endless = Readable.from(Array.from({ length: 6 }, () => 'x'.repeat(1024 * 1024)));
    await expect(readRecording(linesOf(endless, 'stdin'), 'stdin')).rejects.toThrow(/a line of more than/);
  });
});

describe('mlreg show --observations, replayed', () => {
  it.each<[string, string, (cli: Awaited<ReturnType<typeof serving>>) => void]>([
    ['rolled back', 'rollback', (cli) => (cli.model.behaviour['v2.3.0'] = bad)],
    ['promoted', 'promote', () => undefined],
  ])('comes to the same decision: %s', async (_, decision, prepare) => {
    const cli = await serving();
    prepare(cli);
    await cli.run('deploy --model-version v2.3.0');
    const exported = (await cli.run('show r-1 --observations')).stdout;
    const path = file(exported);
    const answer = await cli.ask(`replay ${path}`);
    expect(answer).toMatchObject({ decision, policy: { from: 'the plan of r-1' } });
    const shown = await cli.ask('show r-1');
    expect(answer.finding).toEqual(decision === 'rollback' ? shown.evidence.finding : null);
    expect(answer.tick).toBe(shown.evidence.window.tick);
    expect(answer.at).toBe(new Date(shown.evidence.window.to).toISOString());
    // Under another policy only what it says is other.
    cli.files.set('/project/other.yaml', 'judge: { alpha: 5% }');
    const other = await cli.ask(`replay ${path} --policy other.yaml`);
    expect(other.policy).toMatchObject({
      from: 'other.yaml, over the plan of r-1',
      alpha: 0.05,
      minimumBakeMs: 5_000,
    });
  });
});
