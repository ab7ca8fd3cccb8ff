import type { Plan } from '../domain/plan.ts';
import { activeBuckets, fewCallersText, heavyCallerText } from '../monitor/judge/users/callers.ts';
import { asideText } from '../monitor/judge/users/set-aside.ts';
import { counted, percentText } from '../view/words.ts';

/** Whom a sticky rollout can compare, one sentence a line; empty where users are not compared. */
export function usersText({ policy, routing }: Plan): readonly string[] {
  const { users } = policy;
  if (users === undefined || routing !== 'sticky') return [];
  const { earlier, aside, anonymousShare = 0, unread } = users;
  const lines: string[] = [];
  if (earlier === null) {
    lines.push(
      `counts by user bucket can't be read${unread === undefined ? '' : ` (${unread})`}: a fault that hits few users is found late`,
    );
  } else {
    const active = activeBuckets(earlier).length;
    lines.push(
      `${counted(active, 'user bucket')} of 1,000 active before the rollout${aside.length === 0 ? '' : `, ${asideWords(users)}`}`,
    );
  }
  if (anonymousShare > 0) {
    lines.push(
      `${percentText(anonymousShare, anonymousShare < 0.1 ? 1 : 0)} of the requests carry no user id: the champion answers them, and they are not compared`,
    );
  }
  const more = [asideText(earlier, aside), heavyCallerText(earlier), fewCallersText(earlier)];
  return [...lines, ...more.filter((text) => text !== null)];
}

function asideWords({ earlier, aside }: NonNullable<Plan['policy']['users']>): string {
  const set = new Set(aside);
  const all = earlier?.requests.reduce((sum, n) => sum + n, 0) ?? 0;
  const theirs =
    earlier?.requests.reduce((sum, n, i) => sum + (set.has(earlier.id[i] ?? -1) ? n : 0), 0) ?? 0;
  const share = all > 0 ? theirs / all : 0;
  return `${aside.length} that failed often set aside (${percentText(share, share < 0.1 ? 1 : 0)} of the requests)`;
}
