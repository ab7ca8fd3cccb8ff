import type { Observation } from '../../domain/observation.ts';
import { percentText } from '../../monitor/judge/words.ts';

/** Of the requests. */
const most = 0.5;

/**
 * What keeps sticky routing from comparing the versions, as the champion's requests show it before a rollout: most carry no
 * user id, or one id has most of them. Null: neither, or nobody called.
 */
export function missingUsers(observations: readonly Observation[], userKey: string): string | null {
  let [known, anonymous] = [0, 0];
  const strata: number[] = [];
  for (const { champion, anonymous: without } of observations) {
    known += (champion?.requests ?? 0) + (champion?.aside?.requests ?? 0);
    anonymous += without?.requests ?? 0;
    champion?.strata?.requests.forEach((count, k) => {
      strata[k] = (strata[k] ?? 0) + count;
    });
  }
  const all = known + anonymous;
  if (anonymous > most * all)
    return `${percentText(anonymous / all)} of the requests carry no user id where requests.userKey says (${userKey}): the champion answers them, and they are not compared`;
  const counted = strata.reduce((sum, n) => sum + n, 0);
  const heaviest = Math.max(0, ...strata);
  return heaviest > most * counted
    ? `one user id, or a few, make ${percentText(heaviest / counted)} of the requests: whichever version gets them gets that share of the traffic`
    : null;
}
