import type { RouterCode, UserCounts } from '../ports/index.ts';
import type { UserCountsOptions } from './logs-user-counts.ts';

/** What sticky rollouts alone ask, so that its adapters are loaded only then. */
export function usersOf(options: UserCountsOptions): {
  readonly userCounts: UserCounts;
  readonly routerCode: RouterCode;
} {
  return {
    userCounts: {
      read: async (query) => (await import('./logs-user-counts.ts')).createUserCounts(options).read(query),
    },
    routerCode: {
      understands: async () =>
        (await import('./lambda-router-code.ts')).createRouterCode(options).understands(),
    },
  };
}
