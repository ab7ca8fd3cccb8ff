import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../src/local-aws/data-plane/process-identity.ts';
import {
  forgetLocalController,
  localControllerOf,
  localControllerStanding,
  recordLocalController,
} from '../../src/host/local-controller.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlreg-controller-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Local AWS runs, or has ended. */
const daemon = (runs: boolean): void =>
  writeFileSync(
    join(dir, 'daemon.json'),
    JSON.stringify({ pid: process.pid, startTime: runs ? processStart(process.pid) : 'another' }),
  );
const died = (): void =>
  writeFileSync(join(dir, 'controller.json'), JSON.stringify({ pid: process.pid, startTime: 'another' }));

describe('the rollout controller of this machine', () => {
  it.each([
    ['was never started', () => daemon(true), { kind: 'none' }],
    [
      'runs',
      () => {
        daemon(true);
        recordLocalController(dir);
      },
      { kind: 'runs', pid: process.pid, alarm: null },
    ],
    [
      'has died while local AWS runs',
      () => {
        daemon(true);
        died();
      },
      { kind: 'dead', pid: process.pid },
    ],
    [
      'ended with local AWS',
      () => {
        daemon(false);
        died();
      },
      { kind: 'none' },
    ],
    [
      'is not wanted any more',
      () => {
        daemon(true);
        died();
        forgetLocalController(dir);
      },
      { kind: 'none' },
    ],
    [
      'left a record that is no JSON',
      () => writeFileSync(join(dir, 'controller.json'), '{'),
      { kind: 'none' },
    ],
  ])('%s', (_what, happened, standing) => {
    happened();
    expect(localControllerStanding(dir)).toEqual(standing);
  });

  it('can not be asked to drive when it is dead, and that is told with what to type', () => {
    daemon(true);
    died();
    expect(localControllerOf(dir)).toEqual({
      controller: null,
      controllerTrouble: {
        what: expect.stringMatching(/^the rollout controller of this machine \(pid \d+\) has died/),
        mend: 'mlreg local down, then: mlreg local up --detach',
      },
    });
  });

  it('tells its alarm until that is over', () => {
    daemon(true);
    recordLocalController(dir, 'r-1: ana can not show whether it lives');
    expect(localControllerOf(dir)).toMatchObject({
      controller: { name: 'the rollout controller of this machine' },
      controllerTrouble: {
        what: 'the rollout controller of this machine can not roll back: r-1: ana can not show whether it lives',
        mend: expect.stringContaining('mlreg rollback'),
      },
    });
    recordLocalController(dir);
    expect(localControllerOf(dir).controllerTrouble).toBeNull();
    expect(readFileSync(join(dir, 'controller.json'), 'utf8')).not.toContain('alarm');
  });
});
