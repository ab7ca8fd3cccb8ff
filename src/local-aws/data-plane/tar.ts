export interface TarEntry {
  /** Relative, with forward slashes, no `.` or `..` parts. */
  readonly path: string;
  readonly kind: 'file' | 'directory';
  readonly data: Uint8Array;
  readonly executable: boolean;
}

/**
 * Reads a tar archive (ustar, pax or GNU) and refuses what a model archive has no business holding.
 * Written out because the libraries at hand turn `../x` into `x` without a word and cut long names.
 * @param mostEntries an archive with more files and directories is refused
 * @throws Error naming the entry: absolute paths, `..`, links, devices, sparse files, a damaged header, a cut archive
 */
export function readTar(archive: Uint8Array, mostEntries = Number.POSITIVE_INFINITY): TarEntry[] {
  const entries: TarEntry[] = [];
  /** What the extended headers before an entry say of it. */
  let next: { path?: string; size?: number } = {};
  for (let offset = 0; offset + block <= archive.length; ) {
    const header = archive.subarray(offset, offset + block);
    if (header.every((byte) => byte === 0)) break;
    verifyChecksum(header, offset);
    const type = String.fromCharCode(header[156] ?? 0);
    // A pax size speaks of the entry it precedes, never of an extended header itself.
    const extended = 'xgLK'.includes(type);
    const size = extended ? number(header, 124, 12) : (next.size ?? number(header, 124, 12));
    const start = offset + block;
    const end = start + size;
    if (end > archive.length) throw new Error('the archive ends in the middle of an entry');
    const data = archive.subarray(start, end);
    offset = start + Math.ceil(size / block) * block;

    switch (type) {
      case 'x':
        next = { ...next, ...paxRecords(data) };
        continue;
      case 'L':
        next = { ...next, path: text(data, 0, data.length) };
        continue;
      case 'g':
        continue;
      case '\0':
      case '0':
      case '7':
        entries.push(entry('file', next.path ?? nameOf(header), data, header));
        break;
      case '5':
        entries.push(entry('directory', next.path ?? nameOf(header), data, header));
        break;
      case 'K':
      case '1':
      case '2':
        throw new Error(
          `${printable(next.path ?? nameOf(header))} is a link, which a model archive must not hold`,
        );
      default:
        throw new Error(
          `${printable(next.path ?? nameOf(header))} is neither a file nor a directory (type ${printable(type)})`,
        );
    }
    if (entries.length > mostEntries)
      throw new Error(`the archive holds more than ${mostEntries} files and directories`);
    next = {};
  }
  return entries;
}

const block = 512;

function entry(kind: TarEntry['kind'], name: string, data: Uint8Array, header: Uint8Array): TarEntry {
  if (name.startsWith('/') || name.startsWith('\\') || /^[A-Za-z]:/.test(name) || name.includes('\0')) {
    throw new Error(`${printable(name)} is an absolute path, which a model archive must not hold`);
  }
  const parts = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new Error(`${printable(name)} leaves the archive's directory`);
  const executable = (number(header, 100, 8) & 0o100) !== 0;
  return { kind, path: parts.join('/'), data: kind === 'file' ? data : new Uint8Array(), executable };
}

/** ustar keeps the front of a long name in a field of its own; GNU puts other things there. */
function nameOf(header: Uint8Array): string {
  const name = text(header, 0, 100);
  const posix = text(header, 257, 6) === 'ustar';
  const prefix = posix ? text(header, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** `"%d %s=%s\n"`, the number being the length of the whole record. */
function paxRecords(data: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = Number(text(data, at, space - at));
    if (space === -1 || !Number.isInteger(length) || length <= 0 || at + length > data.length) {
      throw new Error('an extended header of the archive is damaged');
    }
    const record = new TextDecoder().decode(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') found.path = value;
    if (key === 'size') found.size = Number(value);
    if (key.startsWith('GNU.sparse'))
      throw new Error('the archive holds a sparse file, which is not supported');
    at += length;
  }
  return found;
}

function verifyChecksum(header: Uint8Array, offset: number): void {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 0x20 : (header[i] ?? 0);
  if (sum !== Number.parseInt(text(header, 148, 8).trim(), 8))
    throw new Error(`not a tar archive, or damaged at byte ${offset}`);
}

/** Octal text, or for sizes past 8 GiB the base-256 form. */
function number(bytes: Uint8Array, offset: number, length: number): number {
  if (((bytes[offset] ?? 0) & 0x80) !== 0) {
    let value = (bytes[offset] ?? 0) & 0x7f;
    for (let i = offset + 1; i < offset + length; i++) value = value * 256 + (bytes[i] ?? 0);
    return value;
  }
  const digits = text(bytes, offset, length).trim();
  const value = digits === '' ? 0 : Number.parseInt(digits, 8);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error('a header of the archive is damaged');
  return value;
}

function text(bytes: Uint8Array, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end === -1 ? field : field.subarray(0, end));
}

function printable(name: string): string {
  return JSON.stringify(name);
}
