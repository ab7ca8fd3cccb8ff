import { describe, expect, it } from 'vitest';
import { openStore, verifyStore } from '../../../src/store/embedded.ts';
import { encodeRecord } from '../../../src/store/rules/record.ts';
import { everything, R1, request } from '../../contract/store/samples.ts';
import { fakeDisk, seeded } from './fake-disk.ts';
import { chapterAt, fileOf, openOn, path, storeFrom, tellStory } from './story.ts';

const place = { stateDir: '/state', environment: 'local', model: 'recs' };
const { file, chapters } = await tellStory();

/** A store over these bytes shows `state`, and takes another write, which the next reader sees too. */
async function expectSound(bytes: Buffer, state: unknown): Promise<Buffer> {
  const disk = fakeDisk({ [path]: bytes });
  const store = openOn(disk);
  // Thousands of times: comparing text is much cheaper than comparing structures.
  expect(JSON.stringify(await everything(store))).toBe(JSON.stringify(state));
  const before = (await store.inbox(R1, 0)).length;
  await store.post(R1, request('after'));
  expect((await openOn(disk).inbox(R1, before)).map(({ id }) => id)).toEqual(['after']);
  return fileOf(disk);
}

describe('a file cut by a crash', () => {
  it('at any byte opens to the state before or after the write, and takes the next', async () => {
    for (let length = 0; length <= file.length; length++) {
      await expectSound(file.subarray(0, length), chapterAt(chapters, length).state);
    }
  });

  it('twice, at any bytes of two records, opens all the same', async () => {
    const random = seeded(1);
    const last = chapters.at(-1)!;
    const sound = chapters.at(-2)!;
    for (let first = sound.end; first < last.end - 1; first += 1 + Math.floor(random() * 15)) {
      const torn = file.subarray(0, first);
      const longer = await expectSound(torn, sound.state);
      for (let second = torn.length; second < longer.length - 1; second += 1 + Math.floor(random() * 15)) {
        await expectSound(longer.subarray(0, second), sound.state);
      }
      await expectSound(longer.subarray(0, torn.length + 1), sound.state);
    }
  });

  it.each([
    ['zeros', Buffer.alloc(5_000)],
    ['zeros and a newline', Buffer.concat([Buffer.alloc(700), Buffer.from('\n')])],
    ['zeros before a whole record', Buffer.concat([Buffer.alloc(64), file.subarray(-200)])],
    ['newlines', Buffer.from('\n\n\r\n\n')],
    ['half a record', file.subarray(100, 300)],
    ['words', Buffer.from('half a line {"prev":"abc","hash":"')],
    ...[1, 2, 3, 4, 5].map((seed): [string, Buffer] => {
      const random = seeded(seed);
      return [
        `garbage ${seed}`,
        Buffer.from(Array.from({ length: 3_000 }, () => Math.floor(random() * 256))),
      ];
    }),
  ])('and followed by %s goes on after it', async (_what, garbage) => {
    const state = chapters.at(-1)!.state;
    await expectSound(Buffer.concat([file, garbage]), state);
    const withoutNewline = file.subarray(0, -1);
    const longer = await expectSound(Buffer.concat([withoutNewline, garbage]), state);
    expect(await verifyStore({ ...place, fs: fakeDisk({ [path]: longer }) })).toMatchObject({
      records: chapters.length,
      lost: 0,
    });
  });
});

describe('a file changed after it was written', () => {
  const lineOf = (at: number): number => file.subarray(0, at).toString('latin1').split('\n').length;

  it.each([1, 4, 0x40])(
    'by one byte (xor %i) anywhere is refused with its line, or reads as it was',
    async (bits) => {
      for (let at = 0; at < file.length; at++) {
        const changed = Buffer.from(file);
        changed[at]! ^= bits;
        const store = storeFrom(changed);
        if (file[at] === 10) {
          expect(await everything(store)).toEqual(chapters.at(-1)!.state);
          continue;
        }
        const refusal: unknown = await store.lock().catch((error: unknown) => error);
        expect(refusal, `byte ${at}`).toMatchObject({ name: 'UserError', fault: 'conflict' });
        expect((refusal as Error).message).toContain(`${path}:${lineOf(at)}: `);
      }
    },
  );

  const lines = file.toString().split('\n');
  const without = (line: number): string => lines.filter((_, index) => index !== line - 1).join('\n');
  const edited = (line: number, edit: (text: string) => string): string =>
    lines.map((text, index) => (index === line - 1 ? edit(text) : text)).join('\n');

  it.each([
    ['a first record is gone', without(2), 3],
    ['a record in the middle is gone', without(8), 9],
    ['a token was edited', edited(6, (text) => text.replace('"token":1', '"token":9')), 6],
    ['the last reason was edited', edited(16, (text) => text.replace('release', 'acquire')), 16],
    ['half a record is gone, and others built on it', edited(6, (text) => text.slice(0, 90)), 6],
    [
      'half a record is zeros, and others built on it',
      edited(6, (text) => text.slice(0, 90) + '\0'.repeat(99)),
      6,
    ],
    ['two records changed places', edited(6, () => lines[7]!).replace(lines[7]!, lines[7]!), 6],
  ])('is refused where %s', async (_what, text, line) => {
    const disk = fakeDisk({ [path]: Buffer.from(text) });
    await expect(openOn(disk).lock()).rejects.toThrow(`${path}:${line}: `);
    await expect(openOn(disk).post(R1, request('q'))).rejects.toThrow(`${path}:${line}: `);
    expect(fileOf(disk).toString()).toBe(text);
    expect(await verifyStore({ ...place, fs: disk })).toMatchObject({ problem: { line } });
  });

  it.each([
    ['Windows line ends', lines.join('\r\n')],
    ['one line', lines.join('')],
    ['no empty lines', lines.filter((line) => line !== '').join('\n')],
    ['a record twice', edited(6, (text) => `${text}\n${text}`)],
  ])('but with the same records is the same: %s', async (_what, text) => {
    await expectSound(Buffer.from(text), chapters.at(-1)!.state);
  });

  it('is refused with its line by a store that had read what stands before', async () => {
    const changed = Buffer.from(edited(14, (text) => text.replace('99', '98')));
    for (const { end } of chapters.slice(0, 7)) {
      const disk = fakeDisk({ [path]: changed.subarray(0, end) });
      const store = openOn(disk);
      await store.lock();
      disk.files.get(path)!.bytes = changed;
      await expect(store.lock()).rejects.toThrow(`${path}:14: `);
    }
  });

  it('leads to mlreg recover, and never to cutting the file off', async () => {
    const changed = edited(6, (text) => text.replace('"token":1', '"token":9'));
    const refusal: unknown = await storeFrom(Buffer.from(changed))
      .lock()
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      mend: [expect.stringContaining('mlreg recover'), expect.stringContaining('mlreg rollback')],
    });
    const kept = Buffer.from(`${changed.split('\n').slice(0, 5).join('\n')}\n`);
    await expectSound(kept, chapters[2]!.state);
  });

  it('is refused by the store that had read it before: cut, replaced, deleted', async () => {
    for (const replaced of [file.subarray(0, -300), undefined, Buffer.alloc(file.length + 50, 'x')]) {
      const disk = fakeDisk({ [path]: file });
      const store = openOn(disk);
      await store.lock();
      if (replaced === undefined) disk.files.delete(path);
      else disk.files.get(path)!.bytes = replaced;
      await expect(store.lock()).rejects.toThrow(/was removed, replaced or cut/);
      await expect(store.post(R1, request('q'))).rejects.toThrow(/was removed, replaced or cut/);
    }
  });

  it('is refused where it belongs to another environment', async () => {
    const other = fakeDisk({ '/state/prod-recs.ndjson': file });
    await expect(openStore({ ...place, environment: 'prod', fs: other }).lock()).rejects.toThrow(
      'prod-recs.ndjson:2: the first record belongs to another',
    );
  });

  it('is refused where a newer mlreg has written it', async () => {
    const { head } = await verifyStore({ ...place, fs: fakeDisk({ [path]: file }) });
    const { line } = encodeRecord(head, '0'.repeat(16), Buffer.from('{"kind":"vote"}'));
    await expect(storeFrom(Buffer.concat([file, line])).lock()).rejects.toThrow(
      /:18: .*kind that this mlreg does not know/,
    );
  });
});
