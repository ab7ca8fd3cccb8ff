import type { MarkerDetail, Stamp } from '../domain/journal.ts';
import { rolloutId } from '../domain/units.ts';

/** Lambda's limit for a Description. */
const mostLength = 256;
/** No store counts so far. A larger number was written by somebody else, and adding to it must stay exact. */
const mostNumber = 2 ** 40;

/** Format 1. Every version of mlreg reads it, so format 2 fits into it: its fields ride inside `env`. */
const pattern =
  /^mlreg\/1 env=([^\s=]+) token=(0|[1-9]\d*) seq=(0|[1-9]\d*) rollout=(r-[a-z0-9]+) back=(\d+|\$LATEST)$/;
/** environment;2;store id;epoch;purpose;writer;target */
const envOfFormat2 =
  /^([^;]+);2;([0-9a-f]{8});(0|[1-9]\d*);(forward|fence|back|blind|restored);([0-9a-f]{8});(\d+|\$LATEST)$/;

/**
 * `mlreg/1 env=prod;2;9f3c21ab;3;back;7d20e1c4;12 token=5 seq=12 rollout=r-abc back=7`: short, for it must fit, and
 * readable, for people see it in the console. A command line that knows format 1 alone still reads token, seq, rollout and
 * back, so it sees a newer owner and keeps its rollback by the alias alone.
 */
export function formatStamp(stamp: Stamp): string {
  const { token, seq, rollout, back } = stamp;
  const text = `mlreg/1 env=${envOf(stamp)} token=${token} seq=${seq} rollout=${rollout} back=${back}`;
  if (text.length > mostLength || parseStamp(text) === undefined) throw new RangeError(`no stamp: ${text}`);
  return text;
}

function envOf({ environment, detail }: Stamp): string {
  if (detail === undefined) return environment;
  const { store, purpose, writer, target } = detail;
  return [environment, 2, store.id, store.epoch, purpose, writer, target].join(';');
}

/** Undefined for whatever mlreg would not have written: then somebody else did. */
export function parseStamp(description: string): Stamp | undefined {
  const [, env, token, seq, rollout, back] = pattern.exec(description) ?? [];
  if (env === undefined || rollout === undefined || back === undefined) return undefined;
  const numbers = { token: Number(token), seq: Number(seq) };
  if (numbers.token > mostNumber || numbers.seq > mostNumber) return undefined;
  const common = { ...numbers, rollout: rolloutId(rollout), back };
  if (!env.includes(';')) return { environment: env, ...common };
  const [, environment, id, epoch, purpose, writer, target] = envOfFormat2.exec(env) ?? [];
  if (environment === undefined || id === undefined || writer === undefined || target === undefined)
    return undefined;
  const store = { id, epoch: Number(epoch) };
  if (store.epoch > mostNumber) return undefined;
  const detail = { store, purpose: purpose as MarkerDetail['purpose'], writer, target };
  return { environment, ...common, detail };
}
