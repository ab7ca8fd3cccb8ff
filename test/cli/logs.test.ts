import { describe, expect, it } from 'vitest';
import { instant } from '../../src/domain/units.ts';
import { PlatformError } from '../../src/ports/platform.ts';
import type { LogLine } from '../../src/ports/server-logs.ts';
import { bad, baking, cliWorld, projectConfig, serving } from '../support/cli-world.ts';

const local = `${projectConfig}  local: { sagemaker: { image: "local://python3 serve.py" } }\n`;

/** A world whose model servers printed these lines, one a second up to now. */
async function printing(texts: readonly string[], config?: string) {
  const cli = await serving(config);
  const lines: LogLine[] = texts.map((text, index) => ({
    at: instant(cli.clock.now() - 1_000 * (texts.length - index)),
    text,
  }));
  const asked: Parameters<typeof cli.serverLogs>[0][] = [];
  cli.serverLogs = async (query) => {
    asked.push(query);
    const found = lines.filter(({ at }) => at >= query.from);
    return { lines: found.slice(-query.limit), isCut: found.length > query.limit };
  };
  return { cli, asked, lines };
}

describe('mlreg logs', () => {
  it('prints what the model server of a version printed', async () => {
    const { cli, asked } = await printing(['loading', 'ready']);
    const { code, stdout, stderr } = await cli.run('logs v2.2.0');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3}Z {2}loading\n\d\d:\d\d:\d\d\.\d{3}Z {2}ready\n$/);
    expect(stderr).toContain('v2.2.0, endpoint recommendation-dev-v2-2-0-76322e32');
    expect(asked).toEqual([
      {
        endpoint: 'recommendation-dev-v2-2-0-76322e32',
        from: cli.clock.now() - 3_600_000,
        limit: 200,
      },
    ]);
  });

  it('of no version in particular is the log of the newest rollout’s', async () => {
    const { cli, asked } = await printing(['x']);
    await cli.run('logs');
    await cli.run('deploy --model-version v2.3.0');
    await cli.run('logs');
    expect(asked.map(({ endpoint }) => endpoint.slice(0, 25))).toEqual([
      'recommendation-dev-v2-2-0',
      'recommendation-dev-v2-3-0',
    ]);
  });

  it('makes control characters visible, and one line of each', async () => {
    const { cli } = await printing(['\u001b[2J\u001b]0;title\u0007 a\r\nb']);
    const { stdout } = await cli.run('logs v2.2.0');
    expect(stdout.split('Z  ')[1]).toBe('?[2J?]0;title? a??b\n');
  });

  it('is data for programs', async () => {
    const { cli } = await printing(['a', 'b', 'c']);
    expect(await cli.ask('logs v2.2.0 --limit 2')).toMatchObject({
      kind: 'Logs',
      version: 'v2.2.0',
      isCut: true,
      lines: [{ text: 'b' }, { text: 'c' }],
    });
  });

  it('says so where nothing was printed', async () => {
    const { cli } = await printing([]);
    const { code, stdout, stderr } = await cli.run('logs v2.2.0 --since 5m');
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('has printed nothing in the last 5m; --since looks further back');
  });

  it('follows, shows each line once, and ends with a signal', async () => {
    const { cli, lines, asked } = await printing(['first', 'same', 'same']);
    const read = cli.serverLogs;
    cli.serverLogs = (query) => {
      if (asked.length === 3) lines.push({ at: cli.clock.now(), text: 'late' });
      if (asked.length === 12) cli.signal('SIGINT');
      return read(query);
    };
    const { code, stdout } = await cli.run('logs v2.2.0 --follow');
    expect(code).toBe(0);
    expect(stdout.match(/first|same|late/g)).toEqual(['first', 'same', 'same', 'late']);
  });

  it.each([
    ['logs v9.9.9', /v9\.9\.9 is not registered/],
    ['logs v2.2.0 --limit 0', /--limit: '0' is not a number/],
    ['logs v2.2.0 --since soon', /--since/],
    ['logs v2.2.0 --follow -o json', /--follow has no end/],
  ])('%s: exit 2', async (words, message) => {
    const { cli } = await printing([]);
    const { code, stderr, stdout } = await cli.run(words);
    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(message);
  });

  it('where nothing was rolled out asks for a version', async () => {
    const { code, stderr } = await cliWorld().run('logs');
    expect(code).toBe(2);
    expect(stderr).toContain('mlreg logs VERSION --environment dev');
  });

  it('names the permission where it is denied: exit 4', async () => {
    const { cli } = await printing([]);
    const message = 'logs:FilterLogEvents on log group x was denied';
    cli.serverLogs = () =>
      Promise.reject(new PlatformError({ kind: 'denied', action: 'logs:FilterLogEvents', message }));
    const { code, stderr } = await cli.run('logs v2.2.0');
    expect(code).toBe(4);
    expect(stderr).toContain('logs:FilterLogEvents');
  });
});

describe('after a rollback', () => {
  const broken = (cli: Awaited<ReturnType<typeof serving>>) =>
    cli.when(baking(10), () => {
      cli.model.behaviour['v2.3.0'] = bad;
    });

  it('the first failing answer on this machine stands beside the verdict', async () => {
    const { cli, lines } = await printing(['ready'], local);
    broken(cli);
    const answer = '[local AWS] POST /invocations answered 500: {"error":"no column \u001b[31mage"}';
    lines.push({ at: cli.clock.now(), text: 'Traceback' }, { at: cli.clock.now(), text: answer });
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0 -e local');
    expect(code).toBe(3);
    expect(stderr).toContain(
      "the first failing answer of v2.3.0's model server (all: mlreg logs v2.3.0 --environment local)",
    );
    expect(stderr).toContain('answered 500: {"error":"no column ?[31mage"}');
    expect(stderr).not.toContain('Traceback');
  });

  it('in an account the log is named, and not shown', async () => {
    const { cli, asked } = await printing(['user 17 has no age']);
    broken(cli);
    const { code, stderr } = await cli.run('deploy --model-version v2.3.0');
    expect(code).toBe(3);
    expect(stderr).toContain('printed: mlreg logs v2.3.0 --environment dev');
    expect(asked).toEqual([]);
  });

  it('a log that can not be read changes nothing', async () => {
    const { cli } = await printing([], local);
    broken(cli);
    cli.serverLogs = () => Promise.reject(new PlatformError({ kind: 'unknown', message: 'no answer' }));
    expect((await cli.run('deploy --model-version v2.3.0 -e local')).code).toBe(3);
  });
});
