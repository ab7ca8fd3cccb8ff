import type { Request } from '../domain/journal.ts';
import type { RolloutId } from '../domain/units.ts';
import { sha256 } from '../store/rules/record.ts';
import { damaged, end, type Keys, padded } from './dynamo-items.ts';
import type { Item, Keyed, Table } from './dynamo-table.ts';

export interface DynamoInbox {
  post(rollout: RolloutId, request: Request): Promise<void>;
  read(rollout: RolloutId, from: number): Promise<readonly Request[]>;
}

/** Requests by their place in line. Anybody may ask: no lock and no chain; the owner's answer in the journal repeats them. */
export function dynamoInbox(
  table: Table,
  at: Keys,
  patience: () => (why: Error | undefined) => Promise<void>,
): DynamoInbox {
  return {
    async post(rollout, request) {
      const pk = at.journal(rollout);
      const wait = patience();
      for (;;) {
        const newest = await table.last(pk, 'REQUEST#', end('REQUEST#'));
        const index = newest === undefined ? 0 : indexIn(newest) + 1;
        // The second item is why a try that arrives late is refused.
        const mark: Keyed = { pk, sk: `REQUESTED#${request.id}`, index };
        const item: Keyed = { pk, sk: `REQUEST#${padded(index)}`, request };
        const outcome = await table.put(
          [item, mark].map((each) => ({ item: each, over: null })),
          sha256(`${request.id} ${index}`).slice(0, 36),
        );
        if (outcome.kind === 'written') return;
        if ((await table.get(pk, mark.sk)) !== undefined) return;
        await wait(outcome.kind === 'unsure' ? outcome.error : undefined);
      }
    },
    async read(rollout, from) {
      const items = await table.range(at.journal(rollout), `REQUEST#${padded(from)}`, end('REQUEST#'));
      return items.map(requestOf);
    },
  };
}

const indexIn = (item: Item): number => Number(String(item.sk).split('#')[1]);

/** What it asks for is checked by whoever answers it. */
function requestOf(item: Item): Request {
  const { request } = item;
  if (typeof request === 'object' && request !== null && 'id' in request && 'kind' in request)
    return request as Request;
  throw damaged(`item ${String(item.pk)} ${String(item.sk)} holds no request`);
}
