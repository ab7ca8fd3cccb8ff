import type { Buffer } from 'node:buffer';
import { receiptsOf, type RouterConfig, type Serving } from '../config.ts';
import { createSourceOf, type KeySourceDeps } from '../key-source.ts';
import type { ReadKeys } from '../key-parameter.ts';
import type { Placement } from '../placement.ts';
import type { ReceiptKeys } from './keys.ts';
import { type ReceiptContent, roomFor } from './plain.ts';
import { createSeal, type Receipt } from './receipt.ts';

export interface ReceiptDeps extends KeySourceDeps {
  /** Reads the keys from this parameter; asked for once, and only where receipts are configured. */
  readonly readsReceiptKeys: (parameter: string) => ReadKeys<ReceiptKeys>;
  /** 12 random bytes, never twice the same. */
  readonly iv: () => Buffer;
}

export type ReceiptReading =
  | { readonly kind: 'read'; readonly receipt: Receipt }
  | { readonly kind: 'refused'; readonly status: 400 | 503; readonly message: string };

export interface Receipts {
  /**
   * The receipt of an answer that is about to be given. Undefined where no key is known soon enough: an answer waits for
   * none.
   * @param at when the request came, in milliseconds since the epoch
   */
  readonly issue: (placement: Placement, at: number) => Promise<string | undefined>;
  /** Never rejects. */
  readonly read: (text: unknown) => Promise<ReceiptReading>;
  /** Reads the keys, where none are cached. */
  readonly prepare: () => void;
}

/** Only the first answers of an execution environment ever wait. */
const mostWaitMs = 200;
/** A receipt tells nobody's secret: keys that cannot be read anew stay good for a day. */
const graceMs = 86_400_000;

/** Undefined where the route asks for no receipts. */
export function createReceipts(config: RouterConfig, deps: ReceiptDeps): Receipts | undefined {
  const settings = receiptsOf(config.serving);
  if (settings === undefined) return undefined;
  const { environment, model, serving } = config;
  const rollout = serving.kind === 'sticky' ? serving.route.rollout : undefined;
  const { seal, open } = createSeal({ environment, model, room: roomFor(rollout, versionsOf(serving)) });
  const source = createSourceOf(deps.readsReceiptKeys(settings.parameter), deps, {
    what: 'the keys of receipts',
    remark: () => undefined,
    graceMs,
  });
  const soon = async (): Promise<ReceiptKeys | undefined> => {
    const current = await Promise.race([source.current(), deps.wait(mostWaitMs)]);
    return current?.kind === 'known' ? current.keys : undefined;
  };
  const expired = refused(`the receipt is older than ${settings.maxAgeMs / 3_600_000} hours`);

  return {
    prepare: () => void source.current(),
    async issue(placement, at) {
      const keys = source.cached() ?? (await soon());
      return keys && seal(keys, contentOf(placement, rollout, at), deps.iv());
    },
    async read(text) {
      if (typeof text !== 'string') return malformed;
      const oldest = deps.now() - settings.maxAgeMs;
      let current = await source.current();
      let opened = current.kind === 'known' ? open(current.keys, text, oldest) : undefined;
      if (opened?.kind === 'other-key') {
        // Keys may have been renewed a moment ago, and another execution environment may know it already.
        current = await source.newest();
        opened = current.kind === 'known' ? open(current.keys, text, oldest) : undefined;
      }
      switch (opened?.kind) {
        case undefined:
          return { kind: 'refused', status: 503, message: 'receipts cannot be checked now: send it again' };
        case 'opened':
          return { kind: 'read', receipt: opened.receipt };
        case 'malformed':
          return malformed;
        case 'expired':
          return expired;
        case 'other-key':
        case 'forged':
          return forged;
      }
    },
  };
}

const refused = (message: string): ReceiptReading => ({ kind: 'refused', status: 400, message });
const malformed = refused('receipt must be the x-mlreg-receipt header of an answer, unchanged');
const forged = refused('the receipt was not issued here, or was changed');

function contentOf(
  { name, arm, counted }: Placement,
  rollout: string | undefined,
  at: number,
): ReceiptContent {
  const isTester = counted.as === 'tester';
  return { rollout, arm: isTester ? 'tester' : name, version: arm.version, bucket: counted.bucket, at };
}

function versionsOf(serving: Serving): readonly string[] {
  const { challenger } = serving.kind === 'sticky' ? serving.route : serving;
  const own = serving.kind === 'sticky' ? serving.route.champion : serving.arm;
  return [own.version, ...(challenger ? [challenger.version] : [])];
}
