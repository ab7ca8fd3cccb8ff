import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** The README's first line, after npm ci: what `npm run demo` starts. */
function demo(): { readonly ended: Promise<number>; readonly output: () => string; readonly pid: number } {
  const child = spawn(process.execPath, [join(root, 'dist', 'demo.js')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)));
  return { ended, output: () => output, pid: child.pid ?? 0 };
}

/** Processes of this machine whose command line names the demo's directory: what must not be left behind. */
function leftovers(): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes('mlreg-demo-') ? [`${pid} ${command}`] : [];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

describe('the demo', () => {
  it('promotes, rolls back twice, resumes what was killed, and leaves nothing behind', async () => {
    const run = demo();
    const code = await run.ended;
    const output = run.output();
    expect(code, output).toBe(0);
    expect(output).toMatch(/v2\.3\.0 +promoted/);
    expect(output).toMatch(/v2\.4\.0 +rolled back/);
    expect(output).toMatch(/v2\.5\.0 +rolled back/);
    expect(output).toMatch(/v2\.2\.0 +resumed, promoted/);
    // The reason, with the number of harmed requests.
    expect(output).toMatch(/harmed +\d+ of \d+ requests to v2\.4\.0/);
    expect(leftovers()).toEqual([]);
  });

  it('ends everything at Ctrl-C', async () => {
    const run = demo();
    await expect
      .poll(() => run.output().includes('2. A better model') || run.output().includes('Error'), {
        timeout: 240_000,
      })
      .toBe(true);
    expect(leftovers().length).toBeGreaterThan(0);
    process.kill(run.pid, 'SIGINT');
    expect(await run.ended).toBe(130);
    expect(leftovers()).toEqual([]);
  });
});

describe('the README', () => {
  it('names commands that are there', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const surface = join(root, 'src/surface');
    const cli = readdirSync(surface)
      .map((file) => readFileSync(join(surface, file), 'utf8'))
      .join('\n');
    const named = new Set(
      [...readme.matchAll(/mlreg ((?:local )?[a-z]+)\b/g)].flatMap(([, command]) =>
        command === undefined ? [] : [command],
      ),
    );
    const known = new Set(
      [...cli.matchAll(/name: '([a-z]+(?: [a-z]+)?)/g)].flatMap(([, name]) =>
        name === undefined ? [] : [name, name.split(' ')[0] ?? name],
      ),
    );
    const unknown = [...named].filter(
      (command) => !known.has(command) && !known.has(command.replace(/^local /, 'local ')),
    );
    expect(unknown.filter((command) => !['puts', 'local'].includes(command))).toEqual([]);
    const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(readme).toContain('npm ci && npm run demo');
    expect(readme).toContain('npm ci && npm test');
    expect(scripts.scripts.demo).toBe('node dist/demo.js');
  });
});
