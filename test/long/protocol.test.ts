import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

// The ownership protocol, model-checked with Spin: bounds and state counts are in docs/reliability.md.

const model = join(import.meta.dirname, '../protocol/ownership.pml');
const isThere = (program: string, flag: string): boolean =>
  spawnSync(program, [flag], { stdio: 'ignore' }).error === undefined;
const missing = [
  ...(isThere('spin', '-V') ? [] : ['spin']),
  ...(isThere('cc', '--version') ? [] : ['cc, a C compiler']),
];

const passes: readonly [what: string, switches: string][] = [
  [
    'an owner, who takes over, three resumes; 1 fault, 1 crash, 1 outage',
    'TAKERS=1 RESUME=3 FAULTS=1 CRASHES=1 OUTAGES=1',
  ],
  ['an owner and two laps of the controller; 1 outage', 'LAPS=2 OUTAGES=1'],
  [
    'an owner, who takes over, a person without the store, three resumes; 1 crash, 1 outage',
    'TAKERS=1 PERSONS=1 RESUME=3 CRASHES=1 OUTAGES=1',
  ],
  ['L1: an owner, who takes over; 1 fault, the store out for ever', 'TAKERS=1 FAULTS=1 OUTAGES=1 FOREVER=1'],
];

/** Each rule weakened by its switch, and the property that must then be violated. */
const failures: readonly [what: string, switches: string, violated: RegExp][] = [
  ['an owner goes back at the newest revision', 'TAKERS=1 OUTAGES=1 OWNBACK=2', /endedAt/],
  ['a lap commits without a fence', 'LAPS=1 OUTAGES=1 COMMITFENCE=0', /endedAt/],
  ['a lap carries a newer revision out of the journal', 'TAKERS=1 LAPS=1 OUTAGES=1 LAPREAD=0', /endedAt/],
  ['nobody looks for an unknown way back', 'TAKERS=1 OUTAGES=1 UNSEEN=0', /purpose==/],
  [
    'token and purpose are the identity of a write',
    'PERSONS=2 SECOND=1 OUTAGES=1 OURS=0 BLINDTOK=0',
    /mwriter==me/,
  ],
  ['a second blind order does not look', 'PERSONS=2 OUTAGES=1 BLINDLOOK=0', /target!=want/],
  ['a blind rollback takes a larger token', 'PERSONS=1 OUTAGES=1 BLINDTOK=0 RESUME=3', /target==champion/],
  ['no way back without the store', 'OUTAGES=1 FOREVER=1 OWNBACK=0', /champion==1/],
];

if (missing.length > 0) {
  console.warn(
    `NOT run: the ownership protocol's model: ${missing.join(' and ')} missing. apt-get install spin gcc`,
  );
  test.skip(`the ownership protocol (missing: ${missing.join(', ')})`, () => undefined);
} else {
  const root = mkdtempSync(join(tmpdir(), 'mlreg-protocol-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** What the verifier printed, after it searched every state within the bounds or found an error. */
  const check = async (switches: string): Promise<string> => {
    const folder = mkdtempSync(join(root, 'run-'));
    copyFileSync(model, join(folder, 'ownership.pml'));
    const defined = switches.split(' ').map((each) => `-D${each}`);
    await run(folder, 'spin', ['-a', ...defined, 'ownership.pml']);
    await run(folder, 'cc', ['-O2', '-DSAFETY', '-DCOLLAPSE', '-w', '-o', 'pan', 'pan.c']);
    // Waiting for ever is a legal end.
    return run(folder, join(folder, 'pan'), ['-E', '-m100000']);
  };

  describe('the rules as they stand', () => {
    test.each(passes)('%s', async (_what, switches) => {
      const output = await check(switches);
      expect(output).toMatch(/errors: 0\n/);
      // A search that was cut off proves nothing.
      expect(output).not.toMatch(/max search depth too small|Search not completed|out of memory/);
      const [, states = ''] = /(\d+) states, stored/.exec(output) ?? [];
      console.log(`${switches}: ${Number(states).toLocaleString('en')} states`);
      expect(Number(states)).toBeGreaterThan(1_000);
    });
  });

  describe('a weaker rule is found out', () => {
    test.each(failures)('%s', async (_what, switches, violated) => {
      const output = await check(switches);
      expect(output).toMatch(/errors: 1\n/);
      expect(/assertion violated.*/.exec(output)?.[0]).toMatch(violated);
    });
  });
}

function run(cwd: string, program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')));
    child.stderr.on('data', (data: Buffer) => (output += data.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${program} ended with ${code}: ${output}`)),
    );
  });
}
