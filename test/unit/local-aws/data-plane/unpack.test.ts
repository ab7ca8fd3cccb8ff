import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits, unpack } from '../../../../src/local-aws/data-plane/unpack.ts';
import { unpackingIn } from '../../../../src/local-aws/data-plane/unpack-child.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mlreg-unpack-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const archive = (...files: Parameters<typeof createTar>[0]): Buffer => gzipSync(createTar(files));

describe('an archive', () => {
  it('becomes a directory', async () => {
    await unpack(archive({ name: 'code/a.txt', data: 'A' }), join(dir, 'model'));
    expect(readFileSync(join(dir, 'model/code/a.txt'), 'utf8')).toBe('A');
  });

  it('of zeros is refused before they are all in memory', async () => {
    const bomb = archive({ name: 'zeros', data: new Uint8Array(64 * 1024 ** 2) });
    expect(bomb.length * limits.ratio).toBeLessThan(limits.small);
    await expect(unpack(bomb, join(dir, 'model'))).rejects.toThrow(
      `extracts to over ${limits.small} bytes, the most that local AWS takes`,
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it('of a model that shrinks to a tenth is taken, however large', async () => {
    const weights = Buffer.alloc(limits.small + 1_000_000);
    let noise = 1;
    for (let at = 0; at < weights.length; at += 10) {
      noise = (noise * 48_271) % 2_147_483_647;
      weights.writeUInt8(noise & 255, at);
    }
    await unpack(archive({ name: 'weights', data: weights }), join(dir, 'model'));
    expect(readFileSync(join(dir, 'model/weights')).length).toBe(weights.length);
  });

  it('of more files than a model has is refused', async () => {
    const files = Array.from({ length: limits.entries + 1 }, (_, i) => ({ name: `f${i}`, data: '' }));
    await expect(unpack(archive(...files), join(dir, 'model'))).rejects.toThrow(
      'the archive holds more than 10000 files and directories',
    );
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('the process that extracts', () => {
  const program = (source: string): string => {
    const file = join(dir, 'program.mjs');
    writeFileSync(file, source);
    return file;
  };
  const copies = `
    import { writeFileSync } from 'node:fs';
    const pieces = [];
    for await (const piece of process.stdin) pieces.push(piece);
    writeFileSync(process.argv[3], process.argv[2] + ' ' + Buffer.concat(pieces).length);
  `;

  it('gets the archive and the directory', async () => {
    const target = join(dir, 'model');
    await unpackingIn(program(copies))(Buffer.alloc(300_000), target);
    expect(readFileSync(target, 'utf8')).toBe('unpack 300000');
  });

  it.each([
    [
      'says why',
      `process.stderr.write('Model data is not gzip'); process.exitCode = 1`,
      'Model data is not gzip',
    ],
    ['says nothing', 'process.exitCode = 7', 'Model data could not be extracted: the process ended with 7'],
    ['is killed', `process.kill(process.pid, 'SIGKILL')`, 'the process was ended by SIGKILL'],
  ])('fails where it %s', async (_what, source, why) => {
    await expect(unpackingIn(program(source))(Buffer.alloc(3_000_000), join(dir, 'model'))).rejects.toThrow(
      why,
    );
    expect(existsSync(join(dir, 'model'))).toBe(false);
  });

  it('is ended where it takes too long', async () => {
    const endless = program('setInterval(() => undefined, 1_000)');
    await expect(unpackingIn(endless, 200)(Buffer.alloc(1), join(dir, 'model'))).rejects.toThrow(
      'the process was ended by SIGKILL',
    );
  });
});
