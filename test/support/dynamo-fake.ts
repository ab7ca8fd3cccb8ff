import { randomUUID } from 'node:crypto';

/*
 * As much of DynamoDB as the store uses, in this process: GetItem, Query, TransactWriteItems of Puts and DescribeTable, with DynamoDB's
 * rules on sizes, conditions, request tokens, pages and stale reads. What it doesn't know it refuses. It is held against
 * moto in test/contract/store/dynamo-table.test.ts.
 */

type Value = Record<string, unknown>;
type FakeItem = Record<string, Value>;

export type DynamoFate =
  | 'pass'
  /** Not done, not answered. */
  | 'lost-before'
  /** Done, not answered. */
  | 'lost-after'
  /** Done only when the next request has been answered: it arrives late. */
  | 'late'
  | 'throttled'
  | 'conflict'
  | 'expired'
  /** The permission, or that for the table's key, is gone. */
  | 'denied';

export interface DynamoFake {
  /** For `createClients`. */
  readonly requestHandler: unknown;
  fate: (operation: string) => DynamoFate;
  /** Names of the operations asked for, oldest first. */
  readonly asked: string[];
  /** Everything in the table, for looking at and for tampering with. */
  readonly items: Map<string, FakeItem>;
  /** Bytes of a Query's page. */
  pageBytes: number;
  now: () => number;
  /** What DescribeTable names it by; another one since it was made anew under its name. */
  tableId: string;
}

const nameOf = (pk: string, sk: string): string => `${pk} ${sk}`;
const mostItemBytes = 400 * 1024;
const mostTransactionBytes = 4 * 1024 * 1024;
const tokenLifeMs = 10 * 60_000;

class Refusal extends Error {
  readonly type: string;
  readonly more: object;
  constructor(type: string, message: string, more: object = {}) {
    super(message);
    this.type = type;
    this.more = more;
  }
}

interface WirePut {
  readonly TableName: string;
  readonly Item: FakeItem;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Value>;
}

export function dynamoFake(table = 'mlreg-test'): DynamoFake {
  let stale = new Map<string, FakeItem>();
  const tokens = new Map<string, { readonly body: string; readonly at: number }>();
  const late: (() => void)[] = [];

  const fake: DynamoFake = {
    requestHandler: {
      metadata: { handlerProtocol: 'dynamo-fake' },
      handle: async ({ headers, body }: { headers: Record<string, string>; body: string | Uint8Array }) => ({
        response: answer(
          headers['x-amz-target'] ?? '',
          typeof body === 'string' ? body : new TextDecoder().decode(body),
        ),
      }),
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
      destroy: () => undefined,
    },
    fate: () => 'pass',
    asked: [],
    items: new Map(),
    pageBytes: 1024 * 1024,
    now: () => 0,
    tableId: randomUUID(),
  };

  function answer(target: string, body: string): object {
    const operation = target.replace('DynamoDB_20120810.', '');
    fake.asked.push(operation);
    const fate = fake.fate(operation);
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    if (fate === 'lost-before') throw lost;
    if (fate === 'late') {
      late.push(() => void respond(operation, body));
      throw lost;
    }
    const response =
      fate === 'throttled'
        ? failure(new Refusal('ProvisionedThroughputExceededException', 'too much'))
        : fate === 'denied'
          ? failure(new Refusal('AccessDeniedException', 'not authorized to perform: dynamodb:PutItem'))
          : fate === 'expired'
            ? failure(
                new Refusal('ExpiredTokenException', 'The security token included in the request is expired'),
              )
            : fate === 'conflict'
              ? failure(cancelled(['TransactionConflict']))
              : respond(operation, body);
    for (const arrive of late.splice(0)) arrive();
    if (fate === 'lost-after') throw lost;
    return response;
  }

  function respond(operation: string, body: string): object {
    try {
      return { statusCode: 200, headers: {}, body: Buffer.from(JSON.stringify(perform(operation, body))) };
    } catch (error) {
      if (error instanceof Refusal) return failure(error);
      throw error;
    }
  }

  function perform(operation: string, body: string): object {
    const input: unknown = JSON.parse(body);
    switch (operation) {
      case 'GetItem':
        return get(input as Parameters<typeof get>[0]);
      case 'Query':
        return query(input as Parameters<typeof query>[0]);
      case 'TransactWriteItems':
        return transact(input as Parameters<typeof transact>[0], body);
      case 'DescribeTable':
        return describe(input as Parameters<typeof describe>[0]);
      default:
        throw new Refusal('UnknownOperationException', operation);
    }
  }

  const mustExist = (name: string): void => {
    if (name !== table) throw new Refusal('ResourceNotFoundException', 'Requested resource not found');
  };

  function describe(input: { TableName: string }): object {
    mustExist(input.TableName);
    return { Table: { TableName: table, TableId: fake.tableId, TableStatus: 'ACTIVE' } };
  }

  function get(input: { TableName: string; Key: FakeItem; ConsistentRead?: boolean }): object {
    mustExist(input.TableName);
    const found = (input.ConsistentRead === true ? fake.items : stale).get(keyOf(input.Key));
    return found === undefined ? {} : { Item: found };
  }

  function query(input: {
    TableName: string;
    ConsistentRead?: boolean;
    KeyConditionExpression: string;
    ExpressionAttributeValues: Record<string, Value>;
    ScanIndexForward?: boolean;
    Limit?: number;
    ExclusiveStartKey?: FakeItem;
  }): object {
    mustExist(input.TableName);
    if (input.KeyConditionExpression !== 'pk = :pk AND sk BETWEEN :from AND :to')
      throw new Refusal('ValidationException', `unknown condition ${input.KeyConditionExpression}`);
    const [pk, from, to] = [':pk', ':from', ':to'].map((name) =>
      String(input.ExpressionAttributeValues[name]?.S),
    ) as [string, string, string];
    if (from > to)
      throw new Refusal('ValidationException', 'The BETWEEN operator requires upper bound to be greater');
    const rows = [...(input.ConsistentRead === true ? fake.items : stale).values()]
      .filter(
        (item) => item.pk?.S === pk && before(from, String(item.sk?.S)) && before(String(item.sk?.S), to),
      )
      .sort((a, b) => (before(String(a.sk?.S), String(b.sk?.S)) ? -1 : 1));
    if (input.ScanIndexForward === false) rows.reverse();
    const start = input.ExclusiveStartKey?.sk?.S;
    const rest = start === undefined ? rows : rows.slice(rows.findIndex((item) => item.sk?.S === start) + 1);
    const page: FakeItem[] = [];
    let bytes = 0;
    for (const item of rest) {
      page.push(item);
      bytes += sizeOf(item);
      if (bytes >= fake.pageBytes || page.length === input.Limit) break;
    }
    const last = page.at(-1);
    return {
      Items: page,
      Count: page.length,
      ...(page.length < rest.length && last !== undefined
        ? { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }
        : {}),
    };
  }

  function transact(
    input: { ClientRequestToken?: string; TransactItems: { Put: WirePut }[] },
    body: string,
  ): object {
    const token = input.ClientRequestToken;
    if (token !== undefined && (token === '' || token.length > 36))
      throw new Refusal('ValidationException', 'clientRequestToken must have length between 1 and 36');
    const known = token === undefined ? undefined : tokens.get(token);
    if (known !== undefined && fake.now() - known.at < tokenLifeMs) {
      if (known.body !== body) throw new Refusal('IdempotentParameterMismatchException', 'other parameters');
      return {};
    }
    const puts = input.TransactItems.map(({ Put }) => Put);
    if (puts.length > 100) throw new Refusal('ValidationException', 'at most 100 items');
    for (const put of puts) mustExist(put.TableName);
    if (new Set(puts.map(({ Item }) => keyOf(Item))).size < puts.length) {
      throw new Refusal(
        'ValidationException',
        'Transaction request cannot include multiple operations on one item',
      );
    }
    if (puts.reduce((sum, { Item }) => sum + sizeOf(Item), 0) > mostTransactionBytes)
      throw new Refusal('ValidationException', 'Transaction is larger than 4 MB');
    const reasons = puts.map((put) => {
      if (sizeOf(put.Item) > mostItemBytes) return 'ValidationError';
      return holds(put, fake.items.get(keyOf(put.Item))) ? 'None' : 'ConditionalCheckFailed';
    });
    // An item too large is refused before anything is looked at.
    if (reasons.includes('ValidationError'))
      throw new Refusal('ValidationException', 'Item size has exceeded the maximum allowed size');
    if (reasons.some((reason) => reason !== 'None')) throw cancelled(reasons);
    stale = new Map(fake.items);
    for (const { Item } of puts) fake.items.set(keyOf(Item), Item);
    if (token !== undefined) tokens.set(token, { body, at: fake.now() });
    return {};
  }

  return fake;
}

const keyOf = (item: FakeItem): string => nameOf(String(item.pk?.S), String(item.sk?.S));

/** Not after, byte by byte. */
const before = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) <= 0;

function holds(put: WirePut, there: FakeItem | undefined): boolean {
  const { ConditionExpression: condition } = put;
  if (condition === undefined) return true;
  if (condition === 'attribute_not_exists(pk)') return there === undefined;
  return condition.split(' AND ').every((part) => {
    const [, name, value] = /^(#n\d+) = (:v\d+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined)
      throw new Refusal('ValidationException', `unknown condition ${condition}`);
    const attribute = put.ExpressionAttributeNames?.[name] ?? '';
    return JSON.stringify(there?.[attribute]) === JSON.stringify(put.ExpressionAttributeValues?.[value]);
  });
}

function sizeOf(item: FakeItem): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value),
    0,
  );
}

/** As DynamoDB's guide counts, near enough. */
function bytesOf(value: Value): number {
  const { S, N, B, M, L } = value as { S?: string; N?: string; B?: string; M?: FakeItem; L?: Value[] };
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return 21;
  if (B !== undefined) return Buffer.from(B, 'base64').length;
  if (M !== undefined) return 3 + sizeOf(M) + Object.keys(M).length;
  if (L !== undefined) return 3 + L.reduce((sum, each) => sum + bytesOf(each) + 1, 0);
  return 1;
}

function cancelled(codes: readonly string[]): Refusal {
  return new Refusal(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    { CancellationReasons: codes.map((Code) => ({ Code })) },
  );
}

const failure = ({ type, message, more }: Refusal): object => ({
  statusCode: 400,
  headers: { 'x-amzn-errortype': type },
  body: Buffer.from(
    JSON.stringify({
      __type: `com.amazonaws.dynamodb.v20120810#${type}`,
      message,
      Message: message,
      ...more,
    }),
  ),
});
