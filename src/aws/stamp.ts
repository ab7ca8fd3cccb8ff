import type { Stamp } from '../domain/journal.ts';
import { rolloutId } from '../domain/units.ts';

/** Lambda's limit for a Description. */
const mostLength = 256;
const pattern =
  /^mlreg\/1 env=([^\s=]+) token=(0|[1-9]\d*) seq=(0|[1-9]\d*) rollout=(r-[a-z0-9]+) back=(\d+|\$LATEST)$/;

/** `mlreg/1 env=prod token=5 seq=12 rollout=r-abc back=7`: short, for it must fit, and readable, for people see it in the console. */
export function formatStamp(stamp: Stamp): string {
  const { environment, token, seq, rollout, back } = stamp;
  const text = `mlreg/1 env=${environment} token=${token} seq=${seq} rollout=${rollout} back=${back}`;
  if (text.length > mostLength || parseStamp(text) === undefined) throw new RangeError(`no stamp: ${text}`);
  return text;
}

/** Undefined for whatever mlreg would not have written: then somebody else did. */
export function parseStamp(description: string): Stamp | undefined {
  const [, environment, token, seq, rollout, back] = pattern.exec(description) ?? [];
  if (environment === undefined || rollout === undefined || back === undefined) return undefined;
  const numbers = { token: Number(token), seq: Number(seq) };
  if (!Number.isSafeInteger(numbers.token) || !Number.isSafeInteger(numbers.seq)) return undefined;
  return { environment, ...numbers, rollout: rolloutId(rollout), back };
}
