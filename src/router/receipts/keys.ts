import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { KeyKind } from '../key-parameter.ts';

export interface ReceiptKey {
  /** 32 bytes. */
  readonly secret: Buffer;
  /** Which key this is, without telling what it is: 3 bytes. */
  readonly hint: Buffer;
}

/** The first one seals; each one opens. */
export type ReceiptKeys = readonly [ReceiptKey, ...ReceiptKey[]];

export const hintBytes = 3;

/**
 * One or two keys, the current one first, then the one before it: 64 hexadecimal digits each, separated by commas or white
 * space. `openssl rand -hex 32` prints one.
 * @throws Error that never quotes the text
 */
function parseReceiptKeys(text: string, source: string): ReceiptKeys {
  const written = text.trim().split(/\s*,\s*|\s+/);
  const keys = written.map((digits, index) => {
    if (!/^[0-9a-f]{64}$/i.test(digits))
      throw new Error(`${source}: entry ${index + 1} is no key of 64 hexadecimal digits`);
    const secret = Buffer.from(digits, 'hex');
    const hint = hash('sha256', Buffer.concat([Buffer.from('mlreg-receipt-key-1:'), secret]), 'buffer');
    return { secret, hint: hint.subarray(0, hintBytes) };
  });
  const [current, ...before] = keys;
  if (current === undefined || before.length > 1)
    throw new Error(`${source} has ${keys.length} keys: write the current one and the one before it`);
  return [current, ...before];
}

export const receiptKeys: KeyKind<ReceiptKeys> = { parse: parseReceiptKeys };
