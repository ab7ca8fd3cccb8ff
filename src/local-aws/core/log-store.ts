import { AwsError } from '../wire/aws-error.ts';

/** What functions and model servers print, by log group. The newest of each: a restart forgets all. */
export interface LogStore {
  append(group: string, lines: readonly string[], at: number): void;
  readonly groups: ReadonlyMap<string, LogGroup>;
}

interface LogEvent {
  /** Grows by one within its group. */
  readonly id: number;
  readonly at: number;
  readonly message: string;
}

/** A ring: the event of an id stands at its remainder. */
export interface LogGroup {
  readonly events: LogEvent[];
  next: number;
}

export const KEPT_EVENTS = 20_000;

export function createLogStore(): LogStore {
  const groups = new Map<string, LogGroup>();
  return {
    groups,
    append(name, lines, at) {
      let group = groups.get(name);
      if (group === undefined) groups.set(name, (group = { events: [], next: 0 }));
      for (const message of lines) {
        const id = group.next++;
        group.events[id % KEPT_EVENTS] = { id, at, message };
      }
    },
  };
}

/** @throws AwsError */
export function groupOf(store: LogStore, name: string): LogGroup {
  const group = store.groups.get(name);
  if (group !== undefined) return group;
  throw new AwsError('ResourceNotFoundException', 400, 'The specified log group does not exist.');
}
