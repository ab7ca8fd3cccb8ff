import { z } from 'zod';

/** The account's state as JSON: maps and bytes are spelled out. Metrics and messages are not part of it. */
export interface PersistedState {
  readonly format: 1;
  readonly state: unknown;
}

export const persistedState = z.object({ format: z.literal(1), state: z.unknown() });

/** Plain objects, lists, `Map`s and `Uint8Array`s become JSON values. */
export function toPersisted(state: object): PersistedState {
  return { format: 1, state: spelled(state) };
}

/** Undoes `toPersisted`. */
export function fromPersisted(persisted: PersistedState): unknown {
  return revived(persistedState.parse(persisted).state);
}

const MAP = '$map';
const BYTES = '$bytes';

function spelled(value: unknown): unknown {
  if (value instanceof Map)
    return { [MAP]: [...(value as Map<unknown, unknown>)].map(([key, each]) => [key, spelled(each)]) };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([key, each]) => [key, spelled(each)]));
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  const known = value as Record<string, unknown>;
  const map = known[MAP];
  if (Array.isArray(map))
    return new Map(map.map((entry: [unknown, unknown]) => [entry[0], revived(entry[1])]));
  const bytes = known[BYTES];
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'));
  return Object.fromEntries(Object.entries(known).map(([key, each]) => [key, revived(each)]));
}
