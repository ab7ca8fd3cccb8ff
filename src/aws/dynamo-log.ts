import type { Instant } from '../domain/units.ts';
import type { Clock } from '../ports/index.ts';
import type { PlatformError } from '../ports/platform.ts';
import { genesisOf } from '../store/rules/chain.ts';
import { emptyState, journalLength, type State } from '../store/rules/fold.ts';
import { sha256 } from '../store/rules/record.ts';
import type { Decision, Log } from '../store/rules/store-over-log.ts';
import { turns } from '../store/rules/turns.ts';
import { dynamoInbox } from './dynamo-inbox.ts';
import { entriesOf, indexOf, type Known } from './dynamo-index.ts';
import { end, type Head, headOf, keys, lockItemOf, padded, refusePart } from './dynamo-items.ts';
import { dynamoSnapshots } from './dynamo-snapshots.ts';
import { busy, patience } from './dynamo-patience.ts';
import { recordOf, settle, type Tried } from './dynamo-record.ts';
import type { PutOutcome, Table } from './dynamo-table.ts';

export interface DynamoLogOptions {
  readonly table: Table;
  readonly environment: string;
  readonly model: string;
  /** 16 hex digits, different in every store opened. */
  readonly writer: string;
  readonly clock: Clock;
  /** The table as `NAME/ID`; asked when it is first needed. Undefined: nobody asks. */
  readonly identify?: () => Promise<string>;
}

const mostLooks = 20;

/**
 * A log in a DynamoDB table that any number of processes write at once. Each record is chained to the one before by its
 * hash, and is written in one transaction with the lock item, which must still name that one as the newest: so a write is
 * decided upon what is there, or not made. The lock's token is part of the condition.
 *
 * A record's hash is made of all that it says and of all history, so the same request makes the same record, which
 * DynamoDB takes once (the request's token is the hash); a lost reply is settled by looking whether the record stands.
 */
export function createDynamoLog(options: DynamoLogOptions): Log {
  const { table, environment, model, writer, clock, identify } = options;
  const at = keys(environment, model);
  const genesis = genesisOf({ environment, model });
  const inTurn = turns();
  const waits = () => patience(clock, writer, environment);
  const inbox = dynamoInbox(table, at, waits);
  let known: Known | undefined;
  let place: Promise<string | undefined> | undefined;

  async function readHead(): Promise<Head> {
    const item = await table.get(at.index, at.lock);
    if (item === undefined) return { holder: emptyState().holder, beat: 0, records: 0, head: genesis };
    const found = headOf(item);
    refusePart(found);
    return found;
  }

  /** A query is no snapshot: the index holds together where the head was the same before and after it. */
  async function load(): Promise<Known> {
    for (let looks = 0; looks < mostLooks; looks++) {
      const { head } = await readHead();
      const items = await table.range(at.index, '!', '~');
      const now = await readHead();
      if (now.head !== head) continue;
      // Fewer records than before: the table was restored under its own name.
      if (known !== undefined && now.records < known.records) place = undefined;
      return (known = indexOf(items, now));
    }
    throw busy(environment);
  }

  /** One look at the head tells whether anything has changed. */
  async function current(): Promise<Known> {
    if (known === undefined) return load();
    const { head, beat, holder } = await readHead();
    if (head !== known.head) return load();
    known.state.beats = beat;
    known.state.holder = holder;
    return known;
  }

  async function commit<T>(decide: (state: State) => Decision<T>): Promise<T> {
    const wait = waits();
    let isFresh = known === undefined;
    let now = known ?? (await load());
    let unsure: { readonly tried: Tried; readonly value: T; readonly error: PlatformError } | undefined;
    for (;;) {
      const decision = decide(now.state);
      if (decision.kind === 'write') {
        const { transaction, value } = decision;
        if (transaction.kind === 'post') {
          await inbox.post(transaction.rollout, transaction.request);
          return value;
        }
        if (transaction.kind === 'beat') {
          if ((await beat(now, transaction.at)).kind === 'written') return value;
        } else {
          const tried = recordOf(at, writer, now, transaction);
          const outcome = await table.put(tried.puts, tried.hash.slice(0, 36));
          if (outcome.kind === 'written') {
            settle(at, now, tried);
            return value;
          }
          if (outcome.kind === 'unsure') unsure = { tried, value, error: outcome.error };
        }
        await wait(unsure?.error);
      } else if (isFresh) {
        // What others may have changed meanwhile must not be denied.
        return decision.value;
      }
      now = await current();
      isFresh = true;
      if (unsure !== undefined && (await stands(unsure.tried))) return unsure.value;
    }
  }

  /** Nothing but the lock item is written: signs of life are not history. */
  async function beat({ state, head, records }: Known, seenAt: Instant | undefined): Promise<PutOutcome> {
    const { beats } = state;
    const holder = seenAt === undefined ? state.holder : { ...state.holder, seenAt };
    const item = lockItemOf(at.index, { holder, beat: beats + 1, head, records });
    const over = { head, token: holder.token };
    // The same request under the same name, and another one under another: AWS refuses what is neither.
    const request = sha256(`${writer} ${head} ${beats} ${seenAt ?? ''}`).slice(0, 36);
    const outcome = await table.put([{ item, over }], request);
    if (outcome.kind === 'written') {
      state.beats++;
      state.holder = holder;
    }
    return outcome;
  }

  async function stands({ key, hash }: Tried): Promise<boolean> {
    return (await table.get(key.pk, key.sk))?.hash === hash;
  }

  return {
    read: () => inTurn(async () => (await current()).state),
    commit: (decide) => inTurn(() => commit(decide)),
    async journal(rollout, from) {
      const length = await inTurn(async () => journalLength((await current()).state, rollout));
      if (from >= length) return [];
      const [first, last] = [`ENTRY#${padded(from)}`, end(`ENTRY#${padded(length - 1)}`)];
      return entriesOf(await table.range(at.journal(rollout), first, last), rollout, from, length);
    },
    inbox: (rollout, from) => inbox.read(rollout, from),
    async place() {
      if (identify === undefined) return undefined;
      // What may not be asked, or can't, is asked again, and stands in nobody's way: the markers are the first net.
      place ??= identify().catch(() => (place = undefined));
      return place;
    },
    ...dynamoSnapshots(table, at),
    async writerOf(token) {
      const item = await table.get(at.tokens, padded(token));
      return typeof item?.writer === 'string' ? item.writer : undefined;
    },
  };
}
