import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { linesOfFile } from '../../../src/commands/lines.ts';
import { createWorld } from '../../../src/host/world.ts';

const dir = mkdtempSync(join(tmpdir(), 'mlreg-utf8-'));
afterAll(() => rmSync(dir, { recursive: true }));

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

describe('a file', () => {
  const text = '{"a":"日本"}\n';
  it.each<[string, Buffer, boolean]>([
    ['UTF-8', Buffer.from(text), true],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`), true],
    ['empty', Buffer.from(''), true],
    ['UTF-16 of PowerShell', Buffer.from(`\uFEFF${text}`, 'utf16le'), false],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le'), false],
    ['UTF-16, the big end first', swapped(`\uFEFF${text}`), false],
  ])('%s', async (name, bytes, isRead) => {
    const file = join(dir, `${name}.ndjson`);
    writeFileSync(file, bytes);
    const lines = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const line of linesOfFile(dir, file)) found.push(line);
      return found;
    };
    if (isRead) {
      expect((await lines()).join()).toBe(bytes.length === 0 ? '' : text.trim());
      expect(createWorld('0').files.read(file)).toContain(bytes.length === 0 ? '' : '日本');
      return;
    }
    await expect(lines()).rejects.toThrow('is written in UTF-16, and mlreg reads UTF-8');
    expect(() => createWorld('0').files.read(file)).toThrow('is written in UTF-16');
  });
});
