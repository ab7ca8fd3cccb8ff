import {
  type AttributeValue,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { UserError } from '../domain/user-error.ts';
import { PlatformError } from '../ports/platform.ts';
import type { Clients } from './clients.ts';
import { answerOf, type Attempt, attempt, faultOf } from './errors.ts';

/** As DynamoDB has it, in JavaScript's types. What is in it is for the reader to prove. */
export type Item = Readonly<Record<string, unknown>>;
export type Keyed = Item & { readonly pk: string; readonly sk: string };

export interface Put {
  readonly item: Keyed;
  /** What the item that is there must say; null where there must be none; undefined where anything will do. */
  readonly over: Readonly<Record<string, string | number>> | null | undefined;
}

export type PutOutcome =
  | { readonly kind: 'written' }
  /** One of the conditions did not hold: nothing was written. */
  | { readonly kind: 'refused' }
  /** Throttled, in conflict, or not answered: it may have been written, or may still be. */
  | { readonly kind: 'unsure'; readonly error: PlatformError };

/** The few operations that the store needs. All reads are consistent. Throws PlatformError, or UserError without a table. */
export interface Table {
  get(pk: string, sk: string): Promise<Item | undefined>;
  /** Items with `from <= sk <= to`, in order, all pages. */
  range(pk: string, from: string, to: string): Promise<Item[]>;
  /** The last of such items. */
  last(pk: string, from: string, to: string): Promise<Item | undefined>;
  /**
   * All or none, sent once. `token` is the same whenever the same is meant, so that DynamoDB does it once however often it
   * is sent (for ten minutes; beyond these the conditions hold).
   */
  put(puts: readonly Put[], token: string): Promise<PutOutcome>;
}

/** Where a person waits, and a rollback may follow, nothing is waited for long. */
const requestTimeoutMs = 3_000;

export function dynamoTable({
  clients,
  table,
}: {
  readonly clients: Clients;
  readonly table: string;
}): Table {
  const ask = async <T>(action: string, send: () => Promise<T>): Promise<T> => {
    const what: Attempt = { action: `dynamodb:${action}`, resource: `table ${table}` };
    try {
      return await attempt(what, send);
    } catch (error) {
      throw faultOf(error) === 'missing' ? noTable(table, clients.region, error) : error;
    }
  };
  const query = async (input: Partial<QueryCommandInput>, pk: string, from: string, to: string) => {
    const client = clients.of(DynamoDBClient, { maxAttempts: 2, requestTimeoutMs });
    return ask('Query', () =>
      client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
          ...input,
        }),
      ),
    );
  };
  return {
    async get(pk, sk) {
      const client = clients.of(DynamoDBClient, { maxAttempts: 2, requestTimeoutMs });
      const { Item: found } = await ask('GetItem', () =>
        client.send(
          new GetItemCommand({
            TableName: table,
            Key: { pk: { S: pk }, sk: { S: sk } },
            ConsistentRead: true,
          }),
        ),
      );
      return found === undefined ? undefined : unmarshall(found);
    },
    async range(pk, from, to) {
      const items: Item[] = [];
      let next: QueryCommandInput['ExclusiveStartKey'];
      do {
        const page = await query(next === undefined ? {} : { ExclusiveStartKey: next }, pk, from, to);
        items.push(...(page.Items ?? []).map((item) => unmarshall(item)));
        next = page.LastEvaluatedKey;
      } while (next !== undefined);
      return items;
    },
    async last(pk, from, to) {
      const { Items: found } = await query({ ScanIndexForward: false, Limit: 1 }, pk, from, to);
      return found?.[0] === undefined ? undefined : unmarshall(found[0]);
    },
    async put(puts, token) {
      // Sent once: whether a lost one took effect is read back by whoever wrote it.
      const client = clients.of(DynamoDBClient, { maxAttempts: 1, requestTimeoutMs });
      const command = new TransactWriteItemsCommand({
        ClientRequestToken: token,
        TransactItems: puts.map(({ item, over }) => ({
          Put: {
            TableName: table,
            Item: marshall(item, { removeUndefinedValues: true }),
            ...conditionOf(over),
          },
        })),
      });
      try {
        await ask('PutItem', () => client.send(command));
        return { kind: 'written' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}

/**
 * The table as `NAME/ID`. AWS gives an id to each table that it makes, also to one that it restores under another's name.
 * @throws PlatformError where it can't be asked, and where AWS answers without an id
 */
export async function identifyTable({
  clients,
  table,
}: {
  readonly clients: Clients;
  readonly table: string;
}): Promise<string> {
  const client = clients.of(DynamoDBClient, { maxAttempts: 2, requestTimeoutMs });
  const what: Attempt = { action: 'dynamodb:DescribeTable', resource: `table ${table}` };
  const { Table: found } = await attempt(what, () =>
    client.send(new DescribeTableCommand({ TableName: table })),
  );
  if (found?.TableId === undefined)
    throw new PlatformError({ kind: 'unknown', message: `table ${table} has no id` });
  return `${found.TableName ?? table}/${found.TableId}`;
}

function conditionOf(over: Put['over']): {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
} {
  if (over === undefined) return {};
  if (over === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  const pairs = Object.entries(over);
  return {
    ConditionExpression: pairs.map((_, index) => `#n${index} = :v${index}`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(pairs.map(([name], index) => [`#n${index}`, name])),
    ExpressionAttributeValues: Object.fromEntries(
      pairs.map(([, value], index) => [
        `:v${index}`,
        typeof value === 'number' ? { N: String(value) } : { S: value },
      ]),
    ),
  };
}

function outcomeOf(error: unknown): PutOutcome {
  if (!(error instanceof PlatformError)) throw error;
  const answer = answerOf(error);
  if (answer instanceof TransactionCanceledException) {
    const codes = (answer.CancellationReasons ?? []).map(({ Code }) => Code);
    if (codes.includes('ConditionalCheckFailed')) return { kind: 'refused' };
    if (codes.some((code) => passing.has(code ?? ''))) return { kind: 'unsure', error };
    throw error;
  }
  const { kind } = error.failure;
  if (kind === 'throttled' || kind === 'unknown') return { kind: 'unsure', error };
  throw error;
}

/** Reasons for which DynamoDB cancels a transaction that are over a moment later. */
const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

function noTable(table: string, region: string, cause: unknown): UserError {
  return new UserError('unavailable', `there is no DynamoDB table ${table} in ${region}`, {
    why: 'registry, lock and journal of an environment are kept there',
    mend: [
      'terraform apply  # terraform/modules/model-registry makes it',
      'set environments.ENVIRONMENT.table in mlreg.yaml, if it has another name',
    ],
    cause,
  });
}
