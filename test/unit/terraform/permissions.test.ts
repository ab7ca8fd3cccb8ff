import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const policy = readFileSync(join(root, 'terraform/modules/cli-role/main.tf'), 'utf8');

/** What IAM calls each command that the adapters send; none where anybody may. */
const actions: Readonly<Record<string, readonly string[]>> = {
  // Wished for in mlreg.yaml; the role in the other account trusts whom it will.
  AssumeRole: [],
  CreateDeployment: ['apigateway:POST'],
  CreateEndpoint: ['sagemaker:CreateEndpoint', 'sagemaker:AddTags'],
  CreateEndpointConfig: ['sagemaker:CreateEndpointConfig', 'sagemaker:AddTags'],
  CreateModel: ['sagemaker:CreateModel', 'sagemaker:AddTags', 'iam:PassRole'],
  DeleteEndpoint: ['sagemaker:DeleteEndpoint'],
  DeleteEndpointConfig: ['sagemaker:DeleteEndpointConfig'],
  DeleteFunction: ['lambda:DeleteFunction'],
  DeleteModel: ['sagemaker:DeleteModel'],
  DescribeAlarms: ['cloudwatch:DescribeAlarms'],
  DescribeEndpoint: ['sagemaker:DescribeEndpoint'],
  DescribeEndpointConfig: ['sagemaker:DescribeEndpointConfig'],
  DescribeModel: ['sagemaker:DescribeModel'],
  DescribeTable: ['dynamodb:DescribeTable'],
  FilterLogEvents: ['logs:FilterLogEvents'],
  GetAlias: ['lambda:GetAlias'],
  GetApis: ['apigateway:GET'],
  GetCallerIdentity: [],
  GetDeployment: ['apigateway:GET'],
  GetDeployments: ['apigateway:GET'],
  GetRoutes: ['apigateway:GET'],
  GetStages: ['apigateway:GET'],
  GetFunctionConfiguration: ['lambda:GetFunctionConfiguration'],
  GetAccountSettings: ['lambda:GetAccountSettings'],
  GetFunctionConcurrency: ['lambda:GetFunctionConcurrency'],
  GetIntegrations: ['apigateway:GET'],
  GetItem: ['dynamodb:GetItem'],
  GetMetricData: ['cloudwatch:GetMetricData'],
  GetObject: ['s3:GetObject', 's3:ListBucket'],
  GetParameter: ['ssm:GetParameter'],
  GetPolicy: ['lambda:GetPolicy'],
  GetProvisionedConcurrencyConfig: ['lambda:GetProvisionedConcurrencyConfig'],
  GetQueryResults: ['logs:GetQueryResults'],
  GetStage: ['apigateway:GET'],
  Invoke: ['lambda:InvokeFunction'],
  InvokeEndpoint: ['sagemaker:InvokeEndpoint'],
  ListAliases: ['lambda:ListAliases'],
  ListEndpoints: ['sagemaker:ListEndpoints'],
  ListMetrics: ['cloudwatch:ListMetrics'],
  ListVersionsByFunction: ['lambda:ListVersionsByFunction'],
  Publish: ['sns:Publish'],
  PublishVersion: ['lambda:PublishVersion'],
  PutEvents: ['events:PutEvents'],
  Query: ['dynamodb:Query'],
  SimulatePrincipalPolicy: ['iam:SimulatePrincipalPolicy'],
  StartExecution: ['states:StartExecution'],
  StartQuery: ['logs:StartQuery'],
  StopQuery: ['logs:StopQuery'],
  TransactWriteItems: ['dynamodb:PutItem'],
  UpdateAlias: ['lambda:UpdateAlias'],
  UpdateFunctionConfiguration: ['lambda:UpdateFunctionConfiguration'],
  UpdateStage: ['apigateway:PATCH'],
};

const sent = [
  ...new Set(
    readdirSync(join(root, 'src/aws'))
      .flatMap((file) => [
        ...readFileSync(join(root, 'src/aws', file), 'utf8').matchAll(/new (\w+)Command\(/g),
      ])
      .map(([, name = '']) => name),
  ),
].sort();

/** A new call of AWS needs a permission: add it to modules/cli-role, and its name here. */
test.each(sent)("terraform's policy for the command line lets it %s", (command) => {
  expect(Object.keys(actions)).toContain(command);
  expect((actions[command] ?? []).filter((action) => !policy.includes(`"${action}"`))).toEqual([]);
});
