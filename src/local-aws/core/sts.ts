import type { Account } from './account.ts';
import { answer, type Operations } from './operation.ts';

export function stsOperations(account: Account): Operations {
  return {
    GetCallerIdentity: () =>
      answer({ Arn: callerArn(account), UserId: 'AIDALOCALAWS', Account: account.accountId }),
  };
}

/** Who everybody is here. */
export function callerArn(account: Account): string {
  return `arn:aws:iam::${account.accountId}:user/local`;
}
