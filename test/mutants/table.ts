import { aliasMutants } from './alias.ts';
import { clockMutants } from './clock.ts';
import { markerMutants } from './marker.ts';
import type { Mutant } from './mutant.ts';
import { ownerMutants } from './owner.ts';
import { policyMutants } from './policy.ts';
import { restoreMutants } from './restore.ts';
import { userMutants } from './users.ts';

/** All rules that `npm run mutants` breaks, one at a time (docs/reliability.md). */
export const mutants: readonly Mutant[] = [
  ...markerMutants,
  ...aliasMutants,
  ...ownerMutants,
  ...policyMutants,
  ...restoreMutants,
  ...userMutants,
  ...clockMutants,
];
