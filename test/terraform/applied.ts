import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Clients, createClients } from '../../src/aws/clients.ts';
import type { Used } from '../../src/local-aws/core/permissions.ts';
import { readDaemonRecord } from '../../src/local-aws/daemon-files.ts';
import { createScene, type Json, root, type Scene } from '../support/e2e.ts';
import { startFront } from './front.ts';
import type { Terraform } from './terraform.ts';

/** The environment `dev` as Terraform applied it to stand-ins for AWS. */
export interface Applied {
  readonly scene: Scene;
  /** Of local AWS: Lambda, API Gateway, SageMaker, S3. */
  readonly clients: Clients;
  /** What `terraform output -json` printed. */
  readonly outputs: Json;
  /** Of moto: DynamoDB, SNS and the rest. */
  readonly moto: Clients;
  /** Where mlreg finds all of AWS. */
  readonly endpointUrl: string;
  /** The model server's image, which stands for a file of this machine. */
  readonly image: string;
  /** Permissions that callers used since Terraform was done, by the access key that they signed with. */
  used(): Promise<readonly Used[]>;
  /** The resources that Terraform keeps, by address. */
  resources(): Promise<readonly string[]>;
  /** @returns whether there is anything that Terraform would change */
  wants(): Promise<'nothing' | 'something'>;
  /** `terraform destroy`. */
  destroy(): Promise<void>;
  end(): Promise<void>;
}

/** The access keys that people, and the controller, sign with. Functions sign with their names. */
export const people = 'people';
export const controller = 'controller';

const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/recommendation:1';
const modelServer = `local://${join(root, 'examples/flights/serve.mjs')}`;

/**
 * Local AWS is Lambda, API Gateway, SageMaker, and moto is DynamoDB, S3, SNS, CloudWatch, Logs, IAM, EventBridge and Step
 * Functions. Metrics, logs and artifacts are local AWS's for mlreg: there the functions run that emit them.
 */
export async function applyToStandIns(
  terraform: Extract<Terraform, { kind: 'found' }>,
  motoUrl: string,
): Promise<Applied> {
  const scene = createScene('terraform');
  await scene.up();
  const record = readDaemonRecord(join(scene.dir, '.mlreg/local'));
  if (record === undefined) throw new Error('AWS on this machine is not running');
  const local = record.controlUrl;
  const ofTerraform = await startFront((service) =>
    ['lambda', 'apigateway', 'sts'].includes(service) ? local : motoUrl,
  );
  const ofMlreg = await startFront(
    (service) => (['dynamodb', 'sns', 'states'].includes(service) ? motoUrl : local),
    // Plays the registry of images. A store's records keep what was written.
    { service: 'sagemaker', asked: image, meant: modelServer },
  );
  const keys = {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: record.sessionToken,
  };
  Object.assign(scene.variables, keys, { AWS_ACCESS_KEY_ID: people, MLREG_ENVIRONMENT: 'dev' });
  const calls = async (method: string): Promise<readonly Used[]> => {
    const headers = { 'x-amz-security-token': record.sessionToken };
    const answer = await fetch(`${local}/_local/calls`, { method, headers });
    return (await answer.json()) as Used[];
  };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local', sessionToken: record.sessionToken };
  const clients = createClients({ region: 'us-east-1', endpointUrl: local, credentials });
  const moto = createClients({ region: 'us-east-1', endpointUrl: motoUrl, credentials });

  const folder = writeFolder(scene.dir, ofMlreg.url);
  const access = { AWS_ENDPOINT_URL: ofTerraform.url, ...keys };
  const succeeds = async (...args: string[]): Promise<string> => {
    const { status, output } = await terraform.run(folder, args, access);
    expect(status, output).toBe(0);
    return output;
  };
  const { status, output } = await terraform.init(folder);
  expect(status, output).toBe(0);
  await succeeds('apply', '-input=false', '-no-color', '-auto-approve');
  const outputs = JSON.parse(await succeeds('output', '-json')) as Json;
  await calls('POST');
  scene.gatewayHeaders['host'] = `${outputs['mlreg'].value.api_id}.execute-api.localhost`;

  return {
    scene,
    clients,
    moto,
    outputs,
    endpointUrl: ofMlreg.url,
    image,
    used: async () => [...(await calls('GET')), ...ofMlreg.used()],
    resources: async () => (await succeeds('state', 'list')).split('\n'),
    async wants() {
      const args = ['plan', '-input=false', '-no-color', '-detailed-exitcode'];
      const planned = await terraform.run(folder, args, access);
      if (planned.status === 1) throw new Error(planned.output);
      return planned.status === 0 ? 'nothing' : 'something';
    },
    destroy: async () => void (await succeeds('destroy', '-input=false', '-no-color', '-auto-approve')),
    async end() {
      clients.close();
      moto.close();
      await Promise.all([ofTerraform.close(), ofMlreg.close()]);
      await scene.end();
    },
  };
}

/** A copy of the modules, with what stand-ins for AWS need beside; the environment's own folder. */
function writeFolder(dir: string, tablesUrl: string): string {
  cpSync(join(root, 'terraform'), join(dir, 'terraform'), { recursive: true });
  mkdirSync(join(dir, 'dist'));
  cpSync(join(root, 'dist/router.zip'), join(dir, 'dist/router.zip'));
  const folder = join(dir, 'terraform/environments/dev');
  writeFileSync(join(folder, 'stand_in_override.tf'), environmentOverride);
  writeFileSync(join(folder, 'second.tf'), secondModel);
  // Functions on local AWS find no DynamoDB there.
  writeFileSync(
    join(dir, 'terraform/internal/function/stand_in_override.tf'),
    `resource "aws_lambda_function" "this" {
  environment {
    variables = merge({ MLREG_ENVIRONMENT = var.environment, AWS_ENDPOINT_URL_DYNAMODB = "${tablesUrl}" }, var.variables)
  }
}
`,
  );
  return folder;
}

/** What somebody would write into main.tf, and how the provider is to speak to stand-ins. */
const environmentOverride = `terraform {
  backend "local" {}
}

provider "aws" {
  region                  = "us-east-1"
  s3_use_path_style       = true
  skip_metadata_api_check = true
  max_retries             = 2
}

module "stack" {
  ecr_repository_arns    = ["arn:aws:ecr:us-east-1:000000000000:repository/recommendation"]
  subscriptions          = [{ protocol = "email", endpoint = "ml@example.com" }]
  trusted_principal_arns = ["arn:aws:iam::000000000000:role/ml-engineers"]
  github                 = { repository = "acme/models", repository_ids = { owner = 1, repository = 2 } }
  # Any zip: nothing calls the controller here.
  controller_package_file = "../../tests/fixtures/function.zip"
  pipeline                = { training = { image = "${image}" }, evaluation = { image = "${image}" } }
}
`;

/** A further model of the environment: table, topic and bucket are the first one's. */
const secondModel = `module "second" {
  source                  = "../../modules/stack"
  model                   = "ranking"
  environment             = "dev"
  shared                  = module.stack.shared
  api                     = { authorizer = { kind = "none" } }
  shadow                  = { reserved_concurrency = -1 }
  ecr_repository_arns     = []
  trusted_principal_arns  = ["arn:aws:iam::000000000000:role/ml-engineers"]
  github                  = { repository = "acme/ranking", repository_ids = { owner = 1, repository = 3 } }
  controller_package_file = "../../tests/fixtures/function.zip"
  controller_reserved_concurrency = -1
}
`;
