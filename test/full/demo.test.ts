import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

interface Demo {
  readonly ended: Promise<number>;
  readonly output: () => string;
  readonly pid: number;
  /** Processes whose command line names the demo's directory: what must not be left behind. */
  leftovers(): readonly string[];
}

/** The README's first line, after npm ci: what `npm run demo` starts, with a place of its own for its directory. */
function demo(onEnd: (fn: () => void) => void): Demo {
  const place = mkdtempSync(join(tmpdir(), 'mlreg-e2e-demo-'));
  onEnd(() => rmSync(place, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(root, 'dist', 'demo.js')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: place },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)));
  return { ended, output: () => output, pid: child.pid ?? 0, leftovers: () => processesNaming(place) };
}

function processesNaming(place: string): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(place) ? [`${pid} ${command}`] : [];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

/** What the README shows of it, line by line. */
const picture = readFileSync(join(root, 'docs/demo.svg'), 'utf8')
  .replaceAll(/<[^>]+>/g, '')
  .replaceAll('&lt;', '<')
  .replaceAll('&gt;', '>')
  .replaceAll('&amp;', '&');

/** Figures, times and ids differ from run to run. */
const shapeOf = (text: string): string =>
  text
    .replaceAll(/\u001b\[[\d;]*m/g, '')
    .replaceAll(/\d\d:\d\d:\d\dZ/g, '#')
    .replaceAll(/-[0-9a-f]{8}\b/g, '-#')
    .replaceAll(/\d[\d,.]*\s?(?:ms|m|s)?\b/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Lines that say the same in every run: not what a bake came to, nor how busy the machine was. */
const isSteady = (line: string): boolean =>
  /^(?:\d\. |\$ |recommendation|  (?:provision|undo|next|VERSION)|succeeded|rolled back|exit code|What happened)/.test(
    line,
  ) || /kind=(?:provision|smoke|route|promote|commit|notify)/.test(line);

/** Steady lines of the picture that a run does not print: they are old. */
function strangersIn(shown: string, output: string): readonly string[] {
  const printed = shapeOf(output);
  const steady = shown.split('\n').filter(isSteady);
  return steady.length < 15
    ? ['the picture shows too little']
    : steady.filter((line) => !printed.includes(shapeOf(line)));
}

// Both mostly wait.
describe.concurrent('the demo', () => {
  it('promotes, rolls back twice, resumes what was killed, and leaves nothing behind', async ({
    expect,
    onTestFinished,
  }) => {
    const run = demo(onTestFinished);
    const code = await run.ended;
    const output = run.output();
    expect(code, output).toBe(0);
    expect(output).toMatch(/v2\.3\.0 +promoted/);
    expect(output).toMatch(/v2\.4\.0 +rolled back/);
    expect(output).toMatch(/v2\.5\.0 +rolled back/);
    expect(output).toMatch(/v2\.2\.0 +resumed, promoted/);
    expect(strangersIn(picture, output)).toEqual([]);
    // The reason, with the number of failed requests.
    expect(output).toMatch(/failed +(at least )?\d+ of \d+ requests failed/);
    expect(run.leftovers()).toEqual([]);
  });

  it('ends everything at Ctrl-C', async ({ expect, onTestFinished }) => {
    const run = demo(onTestFinished);
    await expect
      .poll(() => run.output().includes('2. A better model') || run.output().includes('Error'), {
        timeout: 240_000,
      })
      .toBe(true);
    expect(run.leftovers().length).toBeGreaterThan(0);
    process.kill(run.pid, 'SIGINT');
    expect(await run.ended).toBe(130);
    expect(run.leftovers()).toEqual([]);
  });
});
