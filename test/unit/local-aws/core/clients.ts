process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
import { ApiGatewayV2Client } from '@aws-sdk/client-apigatewayv2';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import type { LocalAws } from '../../../../src/local-aws/core/local-aws.ts';
import { inProcess, type Fate } from '../../../support/in-process.ts';

/** The real SDK clients, talking to `local` in this process. They try once. */
export function clients(local: LocalAws, options: { sessionToken?: string; fate?: () => Fate } = {}) {
  const { sessionToken, fate } = options;
  const config = {
    requestHandler: inProcess(local, fate),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local', ...(sessionToken && { sessionToken }) },
    maxAttempts: 1,
  };
  return {
    lambda: new LambdaClient(config),
    sagemaker: new SageMakerClient(config),
    runtime: new SageMakerRuntimeClient(config),
    gateway: new ApiGatewayV2Client(config),
    cloudwatch: new CloudWatchClient(config),
    sns: new SNSClient(config),
    ssm: new SSMClient(config),
    sts: new STSClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  };
}

export type Clients = ReturnType<typeof clients>;

/** What an SDK call failed with: name, status, message; 'fulfilled' where it did not. */
export async function failure(
  promise: Promise<unknown>,
): Promise<{ name: string; status?: number; message: string }> {
  try {
    await promise;
    return { name: 'fulfilled', message: '' };
  } catch (error) {
    const { name, message, $metadata } = error as {
      name: string;
      message: string;
      $metadata?: { httpStatusCode?: number };
    };
    const status = $metadata?.httpStatusCode;
    return { name, message, ...(status !== undefined && { status }) };
  }
}
