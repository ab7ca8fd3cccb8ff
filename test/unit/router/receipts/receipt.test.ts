import { randomBytes } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { receiptKeys } from '../../../../src/router/receipts/keys.ts';
import { type ReceiptContent, roomFor } from '../../../../src/router/receipts/plain.ts';
import { createSeal } from '../../../../src/router/receipts/receipt.ts';

const current = 'c'.repeat(64);
const before = 'b'.repeat(64);
const keysOf = (...digits: string[]) => receiptKeys.parse(digits.join('\n'), 'parameter /keys');
const at = Date.UTC(2026, 10, 30, 12);
const content: ReceiptContent = {
  rollout: 'r-0a1b2c3d',
  arm: 'challenger',
  version: 'v2.3.0#2',
  bucket: 417,
  at,
};
const room = roomFor('r-0a1b2c3d', ['v2.2.0', 'v2.3.0#2']);
const made = createSeal({ environment: 'prod', model: 'recommendation', room });
const sealed = (more: Partial<ReceiptContent> = {}, keys = keysOf(current)) =>
  made.seal(keys, { ...content, ...more }, randomBytes(12));

describe('a receipt', () => {
  it.each([
    content,
    { ...content, arm: 'champion' as const, version: 'v2.2.0', bucket: 0 },
    { ...content, arm: 'tester' as const, bucket: undefined },
    { ...content, arm: 'weighted' as const, rollout: undefined, bucket: undefined },
  ])('says of the answer what was sealed: $arm', (said) => {
    const iv = randomBytes(12);
    const text = made.seal(keysOf(current), said, iv);
    expect(made.open(keysOf(current), text, at - 1)).toEqual({
      kind: 'opened',
      receipt: { ...said, nonce: iv.toString('base64url') },
    });
  });

  it('has at most 120 characters that need no escaping in a header', () => {
    expect(sealed()).toMatch(/^[\w-]{60,120}$/);
  });

  it('is equally long on both arms, whatever the names of the versions', () => {
    const versions = ['v2.2.0', `v10.20.30-rc.1+${'build'.repeat(12)}#12`];
    const { seal } = createSeal({ environment: 'e', model: 'm', room: roomFor('r-0a1b2c3d', versions) });
    const lengths = versions.map(
      (version) => seal(keysOf(current), { ...content, version }, randomBytes(12)).length,
    );
    expect(new Set(lengths).size).toBe(1);
  });

  it('shows nothing in clear but format, key and day', () => {
    const [one, other] = [sealed({ arm: 'champion' }), sealed({ arm: 'challenger' })];
    // 6 bytes in clear are 8 characters.
    expect(one.slice(0, 8)).toBe(other.slice(0, 8));
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toMatch(/v2\.|r-0a1b/);
  });

  it('is refused with any one bit changed', () => {
    const bytes = Buffer.from(sealed(), 'base64url');
    const kinds = new Set<string>();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      kinds.add(made.open(keysOf(current), changed.toString('base64url'), 0).kind);
    }
    expect([...kinds].sort()).toEqual(['forged', 'malformed', 'other-key']);
  });

  test.each([
    ['nothing', ''],
    ['blanks around it', ` ${sealed()} `],
    ['a word', 'receipt'],
    ['base64 with padding', `${sealed()}==`],
    ['a part of it', sealed().slice(0, 40)],
    ['the characters of standard base64', `+/${sealed().slice(2)}`],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ])('of %s is malformed or forged', (_, text) => {
    expect(['malformed', 'forged']).toContain(made.open(keysOf(current), text, 0).kind);
  });

  it('of another environment or model is forged, even under the same key', () => {
    const text = sealed();
    for (const of of [
      { environment: 'staging', model: 'recommendation' },
      { environment: 'prod', model: 'other' },
    ])
      expect(createSeal({ ...of, room }).open(keysOf(current), text, 0)).toEqual({ kind: 'forged' });
  });

  it('is opened by the current key and by the one before it, and by no older one', () => {
    const text = sealed({}, keysOf(before));
    expect(made.open(keysOf(current, before), text, 0).kind).toBe('opened');
    expect(made.open(keysOf(current), text, 0)).toEqual({ kind: 'other-key' });
  });

  it.each([
    { oldest: at, kind: 'opened' },
    { oldest: at + 1, kind: 'expired' },
    { oldest: at + 86_400_000 * 3, kind: 'expired' },
  ])('expires to the millisecond ($kind)', ({ oldest, kind }) => {
    expect(made.open(keysOf(current), sealed(), oldest).kind).toBe(kind);
  });
});

describe('the keys of receipts', () => {
  it.each([
    { text: 'secret', says: 'parameter /keys: entry 1 is no key of 64 hexadecimal digits' },
    { text: '', says: 'parameter /keys: entry 1 is no key of 64 hexadecimal digits' },
    { text: `${current} ${before}x`, says: 'parameter /keys: entry 2 is no key of 64 hexadecimal digits' },
    {
      text: `${current}\n${before}\n${current}`,
      says: 'parameter /keys has 3 keys: write the current one and the one before it',
    },
  ])('are one or two: $says', ({ text, says }) => {
    expect(() => receiptKeys.parse(text, 'parameter /keys')).toThrow(says);
  });
});
