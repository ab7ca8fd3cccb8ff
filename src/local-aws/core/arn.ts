import type { Account } from './account.ts';

export function functionArn(account: Account, name: string, qualifier?: string): string {
  const arn = `arn:aws:lambda:${account.region}:${account.accountId}:function:${name}`;
  return qualifier === undefined ? arn : `${arn}:${qualifier}`;
}

/** SageMaker writes names in its ARNs in lower case. */
export function sageMakerArn(
  account: Account,
  kind: 'model' | 'endpoint-config' | 'endpoint',
  name: string,
): string {
  return `arn:aws:sagemaker:${account.region}:${account.accountId}:${kind}/${name.toLowerCase()}`;
}

export function executeApiArn(account: Account, apiId: string): string {
  return `arn:aws:execute-api:${account.region}:${account.accountId}:${apiId}`;
}
