import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

// The ownership protocol, model-checked with Spin: bounds and state counts are in docs/reliability.md.

const models = join(import.meta.dirname, '../protocol');
const isThere = (program: string, flag: string): boolean =>
  spawnSync(program, [flag], { stdio: 'ignore' }).error === undefined;
const missing = [
  ...(isThere('spin', '-V') ? [] : ['spin']),
  ...(isThere('cc', '--version') ? [] : ['cc, a C compiler']),
];

type Model = 'ownership' | 'restore' | 'stage' | 'copies';

const passes: readonly [what: string, model: Model, switches: string][] = [
  [
    'an owner, one who takes over, three resumes; 1 fault, 1 crash, 1 outage',
    'ownership',
    'TAKERS=1 RESUME=3 FAULTS=1 CRASHES=1 OUTAGES=1',
  ],
  ['an owner and two passes of the controller; 1 outage', 'ownership', 'LAPS=2 OUTAGES=1'],
  ['an owner, one who takes over, a pass; 1 outage', 'ownership', 'TAKERS=1 LAPS=1 OUTAGES=1'],
  [
    'an owner, one who takes over, a person without the store, three resumes; 1 crash, 1 outage',
    'ownership',
    'TAKERS=1 PERSONS=1 RESUME=3 CRASHES=1 OUTAGES=1',
  ],
  [
    'an owner, two persons without the store who want different versions, three resumes; 1 outage',
    'ownership',
    'PERSONS=2 OUTAGES=1 RESUME=3',
  ],
  [
    'an owner, one who takes over, a person who aborts, three resumes; 1 outage',
    'ownership',
    'TAKERS=1 ABORTERS=1 OUTAGES=1 RESUME=3',
  ],
  [
    'an owner, one who takes over, a second rollout, four resumes; 1 crash, 1 outage',
    'ownership',
    'TAKERS=1 SECONDROLLOUT=1 CRASHES=1 OUTAGES=1 RESUME=4',
  ],
  [
    'an owner, a second rollout, a person without the store, four resumes; 1 crash, 1 outage',
    'ownership',
    'SECONDROLLOUT=1 PERSONS=1 CRASHES=1 OUTAGES=1 RESUME=4',
  ],
  [
    'an owner, one who takes over, a second rollout, a person without the store, four resumes; 1 outage',
    'ownership',
    'TAKERS=1 SECONDROLLOUT=1 PERSONS=1 OUTAGES=1 RESUME=4',
  ],
  [
    'a person without the store wants another version, one takes over, three resumes; 1 outage',
    'ownership',
    'PERSONS=1 FIRST=3 TAKERS=1 OUTAGES=1 RESUME=3',
  ],
  [
    'L1: an owner, one who takes over; 1 fault, the store out for ever',
    'ownership',
    'TAKERS=1 FAULTS=1 OUTAGES=1 FOREVER=1',
  ],
  ['L2: credentials dead for ever, a second owner; 2 faults', 'ownership', 'TAKERS=1 DEAD=1 FAULTS=2'],
  [
    'an old owner that reads the token of format 2, three resumes; 1 crash, 1 outage',
    'ownership',
    'TAKERS=1 OLD1=2 OUTAGES=1 CRASHES=1 RESUME=3',
  ],
  ['a restore while two owners of the old store live, then a rollout in the new one', 'restore', 'TAKER=1'],
  ['the same with one owner; 1 fault, 1 crash of the restore', 'restore', 'TAKER=0 FAULTS=1 CRASHES=1'],
  [
    'blue-green: an owner, one who takes over, three resumes; 1 fault, 1 crash, 1 outage',
    'stage',
    'TAKERS=1 FAULTS=1 CRASHES=1 OUTAGES=1 RESUME=3',
  ],
  [
    'blue-green: an owner, one who takes over, a person without the store, three resumes; 1 crash, 1 outage',
    'stage',
    'TAKERS=1 PERSONS=1 CRASHES=1 OUTAGES=1 RESUME=3',
  ],
  [
    'blue-green: an owner, a person who aborts, two resumes; 1 fault',
    'stage',
    'ABORTERS=1 FAULTS=1 RESUME=2',
  ],
  [
    'blue-green: a second alias without a marker, a person without the store, three resumes; 1 fault, 1 outage',
    'stage',
    'MARKED=0 PERSONS=1 FAULTS=1 OUTAGES=1 RESUME=3',
  ],
  ['a store and its copy with two owners each; 1 crash', 'copies', 'OWNERS=2 COPYOWNERS=2 CRASHES=1'],
  [
    'a store and its copy with an owner each, and two persons who recover; 1 crash',
    'copies',
    'OWNERS=1 COPYOWNERS=1 RECOVERS=2 CRASHES=1',
  ],
];

/** Each rule weakened by its switch, and the property that must then be violated. */
const failures: readonly [what: string, model: Model, switches: string, violated: RegExp][] = [
  ['an owner goes back at the newest revision', 'ownership', 'TAKERS=1 OUTAGES=1 OWNBACK=2', /endedAt/],
  ['a pass commits without a fence', 'ownership', 'LAPS=1 OUTAGES=1 COMMITFENCE=0', /endedAt/],
  [
    'a pass carries a newer revision out of the journal',
    'ownership',
    'TAKERS=1 LAPS=1 OUTAGES=1 LAPREAD=0',
    /endedAt/,
  ],
  ['nobody looks for an unknown rollback', 'ownership', 'TAKERS=1 OUTAGES=1 UNSEEN=0', /purpose==/],
  [
    'a rollout begins over an unknown rollback that leads to its own home',
    'ownership',
    'SECONDROLLOUT=1 PERSONS=1 OUTAGES=1 STARTLOOK=2',
    /purpose==|fled/,
  ],
  [
    'a rollout begins without a second look under the lock',
    'ownership',
    'TAKERS=1 SECONDROLLOUT=1 PERSONS=1 OUTAGES=1 RESUME=2 STARTCHECK=0',
    /phase/,
  ],
  [
    'an earlier rollout is taken up before the one under way',
    'ownership',
    'SECONDROLLOUT=1 PERSONS=1 OUTAGES=1 RESUME=4 OPENFIRST=0',
    /fled/,
  ],
  [
    'token and purpose are the identity of a write',
    'ownership',
    'PERSONS=2 SECOND=1 OUTAGES=1 OURS=0 BLINDTOK=0',
    /mwriter==me/,
  ],
  ['a second blind order does not look', 'ownership', 'PERSONS=2 OUTAGES=1 BLINDLOOK=0', /target!=want/],
  [
    'a blind order is known once its rollout was rolled back',
    'ownership',
    'PERSONS=1 FIRST=3 OUTAGES=1 RESUME=3 BLINDSTANDS=0',
    /chosen/,
  ],
  [
    'the repair of a blind order leads home',
    'ownership',
    'PERSONS=1 FIRST=3 OUTAGES=1 RESUME=3 BLINDKEEP=0',
    /chosen/,
  ],
  [
    'an owner without the store writes over a blind order',
    'ownership',
    'PERSONS=1 FIRST=3 TAKERS=1 OUTAGES=1 RESUME=3 OUTKEEP=0',
    /chosen/,
  ],
  ['a blind rollback takes a larger token', 'ownership', 'PERSONS=1 OUTAGES=1 BLINDTOK=0 RESUME=3', /phase/],
  ['an old owner cannot read the marker', 'ownership', 'TAKERS=1 OLD1=1 OUTAGES=1', /endedAt/],
  ['no rollback without the store', 'ownership', 'OUTAGES=1 FOREVER=1 OWNBACK=0', /champion==1/],
  ['an owner with dead credentials beats on', 'ownership', 'TAKERS=1 DEAD=1 LETSGO=0', /champion==1/],
  ['tokens of two stores are compared', 'restore', 'EPOCHS=0', /reported|mepoch/],
  ['a restore does not write the alias', 'restore', 'RFENCE=0', /reported/],
  ['a way back leaves the second alias to the stage', 'stage', 'ABORTERS=1 FAULTS=1 BACKBOTH=0', /fled/],
  [
    'a promotion is told of when the stage names the second alias',
    'stage',
    'TAKERS=1 FAULTS=1 PROMOTEFIRST=0 RESUME=2',
    /champion/,
  ],
  [
    'the second alias is fenced before the first',
    'stage',
    'TAKERS=1 PERSONS=1 CRASHES=1 OUTAGES=1 FIRSTFIRST=0',
    /fled/,
  ],
  [
    'a blind order leaves a second alias that carries no marker',
    'stage',
    'MARKED=0 PERSONS=1 OUTAGES=1 BLINDBOTH=0',
    /fled/,
  ],
  [
    'a store does not remember whom it gave its tokens to',
    'copies',
    'OWNERS=2 COPYOWNERS=2 WRITERS=0',
    /switches/,
  ],
  [
    'the writer of an older token is not compared at the fence',
    'copies',
    'OWNERS=3 COPYOWNERS=1 OLDER=0',
    /switches/,
  ],
  [
    'a recovery takes an epoch above its own store alone',
    'copies',
    'OWNERS=1 COPYOWNERS=1 RECOVERS=2 ABOVE=0',
    /reported/,
  ],
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
  const check = async (model: Model, switches: string): Promise<string> => {
    const folder = mkdtempSync(join(root, 'run-'));
    copyFileSync(join(models, `${model}.pml`), join(folder, 'model.pml'));
    const defined = switches.split(' ').map((each) => `-D${each}`);
    await run(folder, 'spin', ['-a', ...defined, 'model.pml']);
    await run(folder, 'cc', ['-O2', '-DSAFETY', '-DCOLLAPSE', '-w', '-o', 'pan', 'pan.c']);
    // Waiting for ever is a legal end.
    return run(folder, join(folder, 'pan'), ['-E', '-m100000']);
  };

  describe('the rules as they stand', () => {
    test.each(passes)('%s', async (_what, model, switches) => {
      const output = await check(model, switches);
      expect(output).toMatch(/errors: 0\n/);
      // A search that was cut off proves nothing.
      expect(output).not.toMatch(/max search depth too small|Search not completed|out of memory/);
      const [, states = ''] = /(\d+) states, stored/.exec(output) ?? [];
      console.log(`${model} ${switches}: ${Number(states).toLocaleString('en')} states`);
      expect(Number(states)).toBeGreaterThan(1_000);
    });
  });

  describe('a weaker rule is found out', () => {
    test.each(failures)('%s', async (_what, model, switches, violated) => {
      const output = await check(model, switches);
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
