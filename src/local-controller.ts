import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStart } from './local-aws/data-plane/process-identity.ts';
import { writeWhole } from './local-aws/daemon-files.ts';

/** What the controller's process is told. */
export interface LocalControllerOptions {
  /** mlreg.yaml, absolute; read anew whenever it has changed. */
  readonly config: string;
  readonly stateDir: string;
}

interface Living {
  readonly pid: number;
  readonly startTime: string;
}

const recordFile = 'controller.json';

/** To be called by the controller's process. */
export function recordLocalController(stateDir: string): void {
  const living: Living = { pid: process.pid, startTime: processStart(process.pid) ?? '' };
  writeWhole(join(stateDir, recordFile), `${JSON.stringify(living)}\n`);
}

/** Whether a controller looks after this state directory's rollouts. */
export function localControllerRuns(stateDir: string): boolean {
  let living: Living;
  try {
    living = JSON.parse(readFileSync(join(stateDir, recordFile), 'utf8')) as Living;
  } catch {
    return false;
  }
  return living.startTime !== '' && processStart(living.pid) === living.startTime;
}
