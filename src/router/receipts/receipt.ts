import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { hintBytes, type ReceiptKey, type ReceiptKeys } from './keys.ts';
import { decode, encode, type ReceiptContent } from './plain.ts';

/** What an answer carried. `nonce` tells it from all others: 16 characters of base64url. */
export interface Receipt extends ReceiptContent {
  readonly nonce: string;
}

export type Opened =
  | { readonly kind: 'opened'; readonly receipt: Receipt }
  /** Not of the form of a receipt. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'expired' }
  /** Sealed by a key that is not among those known here. */
  | { readonly kind: 'other-key' }
  /** Changed, or sealed for another environment or model. */
  | { readonly kind: 'forged' };

export interface Seal {
  /** base64url of about 108 characters, equally long for all versions of a route. @param iv 12 random bytes */
  readonly seal: (keys: ReceiptKeys, content: ReceiptContent, iv: Buffer) => string;
  /** @param oldest receipts of requests before this time are expired, in milliseconds since the epoch */
  readonly open: (keys: ReceiptKeys, text: string, oldest: number) => Opened;
}

export const ivBytes = 12;
const tagBytes = 16;
const format = 1;
const headBytes = 1 + hintBytes + 2;
const mostCharacters = 800;
const dayMs = 86_400_000;
/** Derived keys that are kept: two secrets, and as many days as receipts live at most. */
const mostDerived = 200;

/**
 * AES-256-GCM over the content. A receipt is: format, key hint and day in clear (authenticated), 12 bytes of random IV, the
 * ciphertext, 16 bytes of tag. Each day has a key of its own, derived by HKDF-SHA-256 from the secret, so that 2^32
 * receipts a day, about 49,000 a second, stay below the limit that NIST SP 800-38D sets for random IVs under one key.
 * Environment and model are authenticated: a secret that two of them share opens no receipt of the other.
 * @param room from `roomFor`
 */
export function createSeal(of: {
  readonly environment: string;
  readonly model: string;
  readonly room: number;
}): Seal {
  const place = Buffer.from(`${of.environment}\0${of.model}`);
  const derived = new Map<string, Buffer>();
  const keyOf = ({ secret, hint }: ReceiptKey, day: number): Buffer => {
    const name = `${hint.toString('hex')} ${day}`;
    let key = derived.get(name);
    if (key === undefined) {
      if (derived.size >= mostDerived) derived.clear();
      key = Buffer.from(hkdfSync('sha256', secret, '', `mlreg-receipt-1:${day}`, 32));
      derived.set(name, key);
    }
    return key;
  };

  return {
    seal([current], content, iv) {
      const day = Math.floor(content.at / dayMs);
      const head = Buffer.alloc(headBytes);
      head.writeUInt8(format, 0);
      current.hint.copy(head, 1);
      head.writeUInt16BE(day, 1 + hintBytes);
      const cipher = createCipheriv('aes-256-gcm', keyOf(current, day), iv);
      cipher.setAAD(Buffer.concat([head, place]));
      const sealed = [cipher.update(encode(content, of.room)), cipher.final()];
      return Buffer.concat([head, iv, ...sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(keys, text, oldest) {
      const bytes = bytesOf(text);
      if (bytes === undefined) return { kind: 'malformed' };
      const head = bytes.subarray(0, headBytes);
      const day = head.readUInt16BE(1 + hintBytes);
      // Before a key is derived: a day that nobody can have sealed costs nothing.
      if (day < Math.floor(oldest / dayMs)) return { kind: 'expired' };
      const key = keys.find(({ hint }) => hint.equals(head.subarray(1, 1 + hintBytes)));
      if (key === undefined) return { kind: 'other-key' };
      const iv = bytes.subarray(headBytes, headBytes + ivBytes);
      const plain = decrypt(keyOf(key, day), iv, Buffer.concat([head, place]), bytes);
      const content = plain && decode(plain);
      if (content === undefined) return { kind: 'forged' };
      if (content.at < oldest) return { kind: 'expired' };
      return { kind: 'opened', receipt: { ...content, nonce: iv.toString('base64url') } };
    },
  };
}

/** Undefined where the text is not what `seal` would have written of some bytes. */
function bytesOf(text: string): Buffer | undefined {
  if (text.length > mostCharacters || !/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const isWhole = bytes.length > headBytes + ivBytes + tagBytes && bytes[0] === format;
  // Several texts decode to the same bytes; only one is the receipt.
  return isWhole && bytes.toString('base64url') === text ? bytes : undefined;
}

/** Undefined where the tag does not fit. */
function decrypt(key: Buffer, iv: Buffer, authenticated: Buffer, bytes: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(authenticated);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const plain = decipher.update(bytes.subarray(headBytes + ivBytes, -tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined;
  }
}
