import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Dispatcher } from '../ports/dispatcher.ts';
import { processStart } from '../local-aws/data-plane/process-identity.ts';
import { readDaemonRecord, writeWhole } from '../local-aws/daemon-files.ts';

/** What the controller's process is told. */
export interface LocalControllerOptions {
  /** mlreg.yaml, absolute; read anew whenever it has changed. */
  readonly config: string;
  readonly stateDir: string;
}

interface Living {
  readonly pid: number;
  readonly startTime: string;
  /** Why nobody but a person can roll back. */
  readonly alarm?: string | undefined;
}

const recordFile = 'controller.json';

/** To be called by the controller's process: at its start, and whenever its alarm changes. */
export function recordLocalController(stateDir: string, alarm: string | null = null): void {
  const living: Living = {
    pid: process.pid,
    startTime: processStart(process.pid) ?? '',
    ...(alarm === null ? {} : { alarm }),
  };
  writeWhole(join(stateDir, recordFile), `${JSON.stringify(living)}\n`);
}

/** Local AWS was started without one. */
export function forgetLocalController(stateDir: string): void {
  rmSync(join(stateDir, recordFile), { force: true });
}

/** How the rollout controller of this state directory is. */
export type LocalControllerStanding =
  /** Local AWS does not run, or runs without a controller. */
  | { readonly kind: 'none' }
  | { readonly kind: 'runs'; readonly pid: number; readonly alarm: string | null }
  /** Local AWS runs, and the controller that was started with it does not. */
  | { readonly kind: 'dead'; readonly pid: number };

export function localControllerStanding(stateDir: string): LocalControllerStanding {
  let living: Living;
  try {
    living = JSON.parse(readFileSync(join(stateDir, recordFile), 'utf8')) as Living;
  } catch {
    return { kind: 'none' };
  }
  const { pid, startTime, alarm = null } = living;
  if (startTime !== '' && processStart(pid) === startTime) return { kind: 'runs', pid, alarm };
  return readDaemonRecord(stateDir) === undefined ? { kind: 'none' } : { kind: 'dead', pid };
}

/** What a person must know of it, with what to type; null where all is well. */
export function localControllerTrouble(
  stateDir: string,
): { readonly what: string; readonly mend: string } | null {
  const standing = localControllerStanding(stateDir);
  switch (standing.kind) {
    case 'none':
      return null;
    case 'runs':
      return standing.alarm === null
        ? null
        : {
            what: `the rollout controller of this machine can not roll back: ${standing.alarm}`,
            mend: 'mlreg rollback --environment local  # where users suffer',
          };
    case 'dead':
      return {
        what: `the rollout controller of this machine (pid ${standing.pid}) has died: nobody watches rollouts that have no owner`,
        mend: 'mlreg local down, then: mlreg local up --detach',
      };
  }
}

/** As `Connection` has it. */
export function localControllerOf(stateDir: string): {
  readonly controller: Dispatcher | null;
  readonly controllerTrouble: ReturnType<typeof localControllerTrouble>;
} {
  // It looks every second, and so needs no waking.
  const controller = { name: 'the rollout controller of this machine', dispatch: () => Promise.resolve() };
  return {
    controller: localControllerStanding(stateDir).kind === 'runs' ? controller : null,
    controllerTrouble: localControllerTrouble(stateDir),
  };
}
