import type { JudgePolicy } from '../../../domain/policy.ts';
import { fewCallersText } from './callers.ts';
import { asideText } from './set-aside.ts';

/** What a person should know before users move, one sentence each: of plans that compare users. */
export function userWarnings({ users }: JudgePolicy): readonly string[] {
  if (users === undefined) return [];
  const unread =
    users.earlier === null
      ? 'the champion’s requests by user can’t be read: a fault of few users is found late, and clients that always fail are not set aside'
      : null;
  return [unread, fewCallersText(users.earlier), asideText(users.earlier, users.aside)].filter(
    (text) => text !== null,
  );
}
