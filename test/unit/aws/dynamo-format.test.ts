import { expect, test } from 'vitest';
import { rolloutOf } from '../../../src/aws/dynamo-items.ts';
import { instant } from '../../../src/domain/units.ts';
import { actor } from '../../contract/store/samples.ts';
import { fakeClients, storeOver } from '../../contract/store/dynamo-stores.ts';
import { unmarshall } from '@aws-sdk/util-dynamodb';

test('a table of format 2 is refused by an mlreg that knows format 1, which says what to do', async () => {
  const { fake, clients } = fakeClients();
  const store = storeOver(clients);
  await store.acquire({ owner: actor('ann'), rollout: null, takeOver: false, at: instant(1) });
  const items = [...fake.items.values()].map((item) => unmarshall(item as never));
  // Such a program reads every item of the index whose key begins so as a rollout.
  const [found] = items.filter(({ pk, sk }) => pk === 'prod/recs' && String(sk).startsWith('ROLLOUT#'));
  expect(() => rolloutOf({ pk: '', sk: '', ...found })).toThrow(
    /item prod\/recs ROLLOUT# written by a newer mlreg, update mlreg here;: id: /,
  );
  expect(await storeOver(clients).rollouts()).toEqual([]);
});
