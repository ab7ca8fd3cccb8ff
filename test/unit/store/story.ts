import { instant } from '../../../src/domain/units.ts';
import { openStore } from '../../../src/store/embedded.ts';
import { append, everything, R1, request, take, V1, version } from '../../contract/store/samples.ts';
import type { FileSystem } from '../../../src/store/file-system.ts';
import type { Store } from '../../../src/ports/store.ts';
import { type FakeDisk, fakeDisk } from './fake-disk.ts';

export const path = '/state/local-recs.ndjson';

export const openOn = (fs: FileSystem): Store =>
  openStore({ stateDir: '/state', environment: 'local', model: 'recs', fs });

export const fileOf = (disk: FakeDisk): Buffer => disk.files.get(path)?.bytes ?? Buffer.alloc(0);

export const storeFrom = (bytes: Buffer): Store => openOn(fakeDisk({ [path]: bytes }));

export interface Chapter {
  /** The file's length after the write, and all that a reader sees then. */
  readonly end: number;
  readonly state: unknown;
}

/** One write of every kind, a few twice; `chapters[n]` is after n writes. */
export async function tellStory(disk: FakeDisk = fakeDisk()): Promise<{ file: Buffer; chapters: Chapter[] }> {
  const store = openOn(disk);
  const chapters: Chapter[] = [];
  const note = async (): Promise<void> => {
    chapters.push({ end: fileOf(disk).length, state: await everything(store) });
  };
  const writes: (() => Promise<unknown>)[] = [
    () => store.register(version(V1)),
    () => take(store),
    () => append(store, 1, 0),
    () => store.beat(1),
    () => store.post(R1, request('q1')),
    () => append(store, 1, 1, { changes: [{ version: V1, set: { status: 'champion' } }] }),
    () => store.change(1, [{ version: V1, set: { retireAfter: instant(99) } }]),
    () => store.release(1),
  ];
  await note();
  for (const write of writes) {
    await write();
    await note();
  }
  return { file: fileOf(disk), chapters };
}

/** The chapter that a file of so many bytes tells: a record counts once all of it but its newline is there. */
export function chapterAt(chapters: readonly Chapter[], length: number): Chapter {
  return chapters.findLast(({ end }) => end - 1 <= length) ?? chapters[0]!;
}
