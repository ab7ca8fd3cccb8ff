import { bucketCount, bucketOf, bucketRanks, bucketsAt } from '../domain/user-bucket.ts';
import { armOf, type ArmName } from './arm.ts';
import type { Serving } from './config.ts';
import type { GatewayEvent } from './request.ts';
import type { Arm } from './route.ts';
import { createTesterCheck } from './testers.ts';

/** Which arm serves a request, and as what it is counted. */
export interface Placement {
  readonly name: ArmName | 'weighted';
  readonly arm: Arm;
  readonly counted: Counted;
}

/**
 * `compared`: in the arm's own numbers. `aside`: by a user whose bucket failed often before the rollout. `anonymous`:
 * without a user's id, so that nothing says to which arm it belongs. `tester`: by somebody who gets the challenger whatever
 * its share, so that it is in no arm. `bucket` is 0 to 999, undefined where users are not
 * told apart.
 */
export interface Counted {
  readonly as: 'compared' | 'aside' | 'anonymous' | 'tester';
  readonly bucket: number | undefined;
}

/** Where a request belongs, by who asks; `event` is what may hold a tester's token. */
export type Place = (userId: string | undefined, event?: Pick<GatewayEvent, 'headers'>) => Placement;

/** Places requests as the route says. Work that is the same for all requests is done once, when this is made. */
export function createPlacement(serving: Serving): Place {
  const { challenger, testers } = serving.kind === 'sticky' ? serving.route : serving;
  const place = placementOfUsers(serving);
  if (challenger === undefined || testers === undefined) return place;
  const isTester = createTesterCheck(testers);
  const asTester: Placement = {
    name: 'challenger',
    arm: challenger,
    counted: { as: 'tester', bucket: undefined },
  };
  return (userId, event = {}) => (isTester(userId, event) ? asTester : place(userId));
}

function placementOfUsers(serving: Serving): (userId: string | undefined) => Placement {
  if (serving.kind === 'weighted') {
    const all: Placement = {
      name: 'weighted',
      arm: serving.arm,
      counted: { as: 'compared', bucket: undefined },
    };
    return () => all;
  }
  const { champion, challenger, percent, salt, assign, aside = [] } = serving.route;
  // Without a user's id it is the champion: an arm drawn per request would mix the arms within one visit.
  const nobody: Placement = {
    name: 'champion',
    arm: champion,
    counted: { as: 'anonymous', bucket: undefined },
  };
  const setAside = new Set(aside);
  const placed = (name: ArmName, arm: Arm): readonly Placement[] =>
    Array.from({ length: bucketCount }, (_, bucket) => ({
      name,
      arm,
      counted: { as: setAside.has(bucket) ? 'aside' : 'compared', bucket },
    }));
  const onChampion = placed('champion', champion);
  const at = (list: readonly Placement[], bucket: number): Placement => list[bucket] ?? nobody;
  if (challenger === undefined)
    return (userId) => (userId === undefined ? nobody : at(onChampion, bucketOf(userId)));

  const onChallenger = placed('challenger', challenger);
  if (assign === undefined) {
    // A route from before buckets were assigned: users stay on the arm that the hash of their id gave them.
    return (userId) => {
      if (userId === undefined) return nobody;
      const list = armOf(salt, percent, userId) === 'challenger' ? onChallenger : onChampion;
      return at(list, bucketOf(userId));
    };
  }
  const ranks = bucketRanks(salt);
  const share = bucketsAt(percent);
  const byBucket = ranks.map((rank, bucket) => at(rank < share ? onChallenger : onChampion, bucket));
  return (userId) => (userId === undefined ? nobody : at(byBucket, bucketOf(userId)));
}
