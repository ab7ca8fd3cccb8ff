import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { instant, rolloutId } from '../domain/units.ts';
import type { Sightings } from '../ports/sightings.ts';
import { keys } from './dynamo-items.ts';
import type { Table } from './dynamo-table.ts';

const stored = z.object({ rollout: z.string(), token: z.number(), beat: z.number(), since: z.number() });

/** Beside the lock that is watched, in an item of its own: invocations of the controller share nothing else. */
export function dynamoSightings(
  table: Pick<Table, 'get' | 'put'>,
  { environment, model }: { readonly environment: string; readonly model: string },
): Sightings {
  const key = { pk: keys(environment, model).index, sk: 'SIGHTING' };
  return {
    async last() {
      const found = stored.safeParse(await table.get(key.pk, key.sk));
      // None, or one that this program does not understand: looking begins anew.
      if (!found.success) return null;
      const { rollout, token, beat, since } = found.data;
      return { rollout: rolloutId(rollout), token, beat, since: instant(since) };
    },
    async keep(sighting) {
      // A look that is forgotten only makes the next one patient.
      await table.put([{ item: { ...key, ...sighting }, over: undefined }], randomUUID());
    },
  };
}
