import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModelStore, type ModelStore } from '../../../../src/local-aws/data-plane/model-data.ts';
import { readTar } from '../../../../src/local-aws/data-plane/tar.ts';

/** One tar header and its data, every field as given, so that archives can be made that no tool would make. */
function entry(
  name: string,
  content = '',
  more: { type?: string; prefix?: string; mode?: string; sum?: number } = {},
): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(more.mode ?? '0000644', 100);
  header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124);
  header.write('        ', 148);
  header.write(more.type ?? '0', 156);
  header.write('ustar\x0000', 257);
  header.write(more.prefix ?? '', 345);
  const sum = more.sum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const data = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
  data.write(content);
  return Buffer.concat([header, data]);
}

function archive(...entries: Buffer[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

function pax(records: Record<string, string>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length++;
    return length + rest;
  });
  return entry('PaxHeaders/x', lines.join(''), { type: 'x' });
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const long = `${'deep/'.repeat(40)}model.bin`;

describe('readTar', () => {
  it.each([
    [
      'plain files and directories',
      archive(entry('code/', '', { type: '5' }), entry('code/a.txt', 'A')),
      [
        ['code', ''],
        ['code/a.txt', 'A'],
      ],
    ],
    [
      'a leading ./',
      archive(entry('./', '', { type: '5' }), entry('./a.txt', 'A')),
      [
        ['', ''],
        ['a.txt', 'A'],
      ],
    ],
    ['old archives that leave the type out', archive(entry('a', 'A', { type: '\0' })), [['a', 'A']]],
    [
      'a name in two fields',
      archive(entry('model.bin', 'M', { prefix: 'deep/down' })),
      [['deep/down/model.bin', 'M']],
    ],
    [
      'a long name, as GNU tar writes it',
      archive(entry('././@LongLink', `${long}\0`, { type: 'L' }), entry(long.slice(0, 99), 'M')),
      [[long, 'M']],
    ],
    [
      'a long name, as Python writes it',
      archive(pax({ mtime: '1.5', path: long }), entry('short', 'M'), entry('b', 'B')),
      [
        [long, 'M'],
        ['b', 'B'],
      ],
    ],
    [
      'global headers',
      archive(entry('pax_global_header', '19 comment=abcdefg\n', { type: 'g' }), entry('a', 'A')),
      [['a', 'A']],
    ],
    [
      'what another library wrote',
      Buffer.from(createTar([{ name: 'a/b.txt', data: 'hello' }])),
      [['a/b.txt', 'hello']],
    ],
    ['nothing', archive(), []],
  ])('reads %s', (_case, bytes, expected) => {
    expect(readTar(bytes).map(({ path, data }) => [path, text(data)])).toEqual(expected);
  });

  it('keeps the bit that makes a file executable', () => {
    const read = readTar(archive(entry('run', '', { mode: '0000755' }), entry('text')));
    expect(read.map(({ executable }) => executable)).toEqual([true, false]);
  });

  it.each([
    ['an absolute path', archive(entry('/etc/passwd', 'x')), /absolute/],
    ['a drive', archive(entry('C:\\x', 'x')), /absolute/],
    ['a path that climbs out', archive(entry('../x', 'x')), /leaves/],
    ['a path that climbs within', archive(entry('a/../../x', 'x')), /leaves/],
    ['a path that climbs with backslashes', archive(entry('a\\..\\..\\x', 'x')), /leaves/],
    ['a path that climbs in its prefix', archive(entry('x', 'x', { prefix: '../..' })), /leaves/],
    ['a path that climbs in a pax header', archive(pax({ path: '../x' }), entry('x', 'x')), /leaves/],
    [
      'a path that climbs in a GNU header',
      archive(entry('L', '../x', { type: 'L' }), entry('x', 'x')),
      /leaves/,
    ],
    ['a directory that climbs out', archive(entry('../d/', '', { type: '5' })), /leaves/],
    ['a symbolic link', archive(entry('x', '', { type: '2' })), /link/],
    ['a hard link', archive(entry('x', '', { type: '1' })), /link/],
    ['a device', archive(entry('x', '', { type: '3' })), /neither/],
    ['a damaged header', archive(entry('x', 'x', { sum: 1 })), /damaged/],
    ['no archive', Buffer.alloc(600, 'x'), /not a tar/],
    ['half an archive', entry('x', 'x'.repeat(600)).subarray(0, 700), /ends in the middle/],
  ])('refuses %s', (_case, bytes, message) => {
    expect(() => readTar(bytes)).toThrow(message);
  });
});

describe('a model store', () => {
  let directory: string;
  let store: ModelStore;
  let asked: string[];
  const objects = new Map<string, Uint8Array>();
  const url = (name: string): string => pathToFileURL(join(directory, name)).href;
  const kept = (): string[] => {
    try {
      return readdirSync(join(directory, 'models'));
    } catch {
      return [];
    }
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'mlreg-model-'));
    writeFileSync(join(directory, 'good.tar.gz'), gzipSync(archive(entry('sub/model.json', '{}'))));
    writeFileSync(
      join(directory, 'climbs.tar.gz'),
      gzipSync(archive(entry('ok', 'ok'), entry('../../escaped', 'x'))),
    );
    writeFileSync(join(directory, 'plain.tar.gz'), 'not gzip');
    writeFileSync(join(directory, 'model.pkl'), 'x');
    objects.set('models/v1.tar.gz', gzipSync(archive(entry('model.json', '{"version":"v1"}'))));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(() => {
    asked = [];
    rmSync(join(directory, 'models'), { recursive: true, force: true });
    store = createModelStore({
      directory: join(directory, 'models'),
      readObject: async (bucket, key) => {
        asked.push(`${bucket} ${key}`);
        const found = objects.get(key);
        if (!found) throw new Error('no such key');
        return found;
      },
    });
  });

  it('extracts an archive once for its digest, however often and at once it is asked', async () => {
    const [a, b] = await Promise.all([
      store.directoryOf(url('good.tar.gz')),
      store.directoryOf(url('good.tar.gz')),
    ]);
    expect(a).toBe(b);
    expect(readFileSync(join(a, 'sub/model.json'), 'utf8')).toBe('{}');
    writeFileSync(join(a, 'mark'), '');
    expect(readdirSync(await store.directoryOf(url('good.tar.gz')))).toContain('mark');
    expect(kept()).toHaveLength(1);
  });

  it('fetches from S3', async () => {
    const found = await store.directoryOf('s3://bucket/models/v1.tar.gz');
    expect(readFileSync(join(found, 'model.json'), 'utf8')).toBe('{"version":"v1"}');
    expect(asked).toEqual(['bucket models/v1.tar.gz']);
  });

  it('takes a directory as it is', async () => {
    expect(await store.directoryOf(pathToFileURL(directory).href)).toBe(directory);
  });

  it.each([
    ['a file that is not there', 'gone.tar.gz', /Could not find/],
    ['a path that climbs out', 'climbs.tar.gz', /leaves/],
    ['what is no gzip', 'plain.tar.gz', /not gzip/],
    ['what is no archive', 'model.pkl', /must be a .tar.gz/],
  ])('refuses %s and leaves nothing behind', async (_case, name, message) => {
    await expect(store.directoryOf(url(name))).rejects.toThrow(message);
    expect(kept()).toEqual([]);
    expect(readdirSync(directory)).not.toContain('escaped');
  });

  it.each([
    ['s3://bucket/models/v9.tar.gz', /Could not access.*no such key/],
    ['s3://bucket', /neither/],
    ['https://example.com/m.tar.gz', /neither/],
    ['file://elsewhere/m.tar.gz', /no file URL/],
  ])('refuses %s', async (modelDataUrl, message) => {
    await expect(store.directoryOf(modelDataUrl)).rejects.toThrow(message);
  });
});
