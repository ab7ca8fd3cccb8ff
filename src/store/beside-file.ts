import { randomBytes } from 'node:crypto';
import type { PendingStore } from '../ports/pending.ts';
import type { Sightings } from '../ports/sightings.ts';
import type { Waiting } from '../ports/waiting.ts';
import { pendingFile, type StorePlace, waitingFile } from './embedded.ts';
import { filePending } from './pending.ts';
import { fileWaiting } from './waiting.ts';
import { memorySightings } from './sightings.ts';

/** What lies beside the embedded store, and may be lost. Opening does nothing yet. */
export function besideFile(place: Pick<StorePlace, 'stateDir' | 'environment' | 'model'>): {
  readonly sightings: Sightings;
  readonly pending: PendingStore;
  readonly waiting: Waiting;
} {
  const writer = randomBytes(8).toString('hex');
  return {
    sightings: memorySightings(),
    pending: filePending(pendingFile(place), writer),
    waiting: fileWaiting(waitingFile(place), writer),
  };
}
