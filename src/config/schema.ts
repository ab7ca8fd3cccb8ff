import * as z from 'zod';
import { fileForm } from './file-form.ts';
import * as leaf from './leaves.ts';
import { notifications } from './notification-section.ts';
import { approvers, deployWindows } from './people-sections.ts';
import { requests, responses, testers } from './request-sections.ts';
import { guardrails, judge, strategies } from './rollout-sections.ts';

/*
 * The words of mlreg.yaml. `environmentSchema` is an environment with every value present, in the units of the domain;
 * `fileSchema` is what people write, where nearly all may be left out. Null inside means: there is none.
 */

const metricName = leaf.text(
  'Metric.',
  /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
  'the name of a registered metric, such as auc',
);
const variableName = leaf.text(
  'Variable.',
  /^[A-Za-z_][A-Za-z0-9_]{0,255}$/,
  'the name of a variable, such as LOG_LEVEL',
);

const sagemaker = z
  .strictObject({
    role: leaf
      .text(
        'IAM role that the models run as.',
        /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
        'the ARN of a role, such as arn:aws:iam::123456789012:role/recommendation-model',
      )
      .nullable(),
    image: leaf
      .text(
        'Container image of the model server. In `local`: local:// and a command of this machine, as local://python3 serve.py, run without a shell in the folder of this file. {port} in an argument stands for its port. A JavaScript file alone runs on the Node that runs mlreg.',
        /^(local:\/\/\S.*|[^\s/:]+(:\d+)?\/\S+)$/,
        'an image such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation:1, or in local a command such as local://./serve.mjs or local://python3 serve.py',
      )
      .nullable(),
    memoryMb: leaf.noted(z.literal([1024, 2048, 3072, 4096, 5120, 6144]), 'Memory of an endpoint, in MB.', {
      expected: '1024, 2048, 3072, 4096, 5120 or 6144',
    }),
    maxConcurrency: leaf.whole('Requests that an endpoint answers at the same time.', 1, 200),
    keepWarm: leaf.durationLimit(
      'How often mlreg sends warming requests to the endpoint to which users may return: during a rollout, and, if there is a controller, for `keepPrevious` after the promotion. Each is billed as a request.',
    ),
    provisionedConcurrency: leaf
      .whole(
        'Environments of each new endpoint that are always warm (ProvisionedConcurrency), at most maxConcurrency. AWS bills them for as long as the endpoint exists.',
        1,
        200,
      )
      .nullable(),
    endpointQuota: leaf
      .whole(
        "How many endpoints the account may have in the Region, from Service Quotas. A rollout without room for one more is refused. Unless given, mlreg assumes AWS's default of 50 and only warns.",
        1,
        100_000,
      )
      .nullable(),
    concurrencyQuota: leaf
      .whole(
        'How many concurrent requests all serverless endpoints of the account may take in the Region together (the sum of their maxConcurrency), from Service Quotas. A rollout without room is refused. Unless given, mlreg goes by what AWS said when it last refused an endpoint, or assumes 1,000, and only warns.',
        1,
        1_000_000,
      )
      .nullable(),
    environment: z
      .record(
        variableName,
        leaf.text('Value.', /^[^\0]{0,1024}$/, 'text of at most 1024 characters', 'secret'),
      )
      .meta({ description: 'Environment variables of the model server. No secrets.' }),
  })
  .meta({ description: 'The serverless endpoints, one for each version.' });

const lambdaName = /^[A-Za-z0-9_-]{1,64}$/;

/** May stand at the top level, for all environments, and in an environment. */
const shared = {
  routing: leaf.choice(
    '`sticky`: a user stays on one version. `weighted`: Lambda draws for each request; any function will do.',
    ['sticky', 'weighted'],
  ),
  requests,
  responses,
  testers,
  acceptance: z.record(metricName, leaf.criterion('Criterion on a registered metric.')).meta({
    description:
      "Limits on a version's registered metrics. `mlreg validate` checks them, and so does each deploy before it begins.",
  }),
  strategies,
  guardrails,
  judge,
  notifications,
  sagemaker,
  region: leaf
    .text(
      'AWS Region. AWS_REGION or AWS_DEFAULT_REGION unless given.',
      /^[a-z]{2,4}(-[a-z]+)+-\d+$/,
      'an AWS Region such as eu-west-1',
    )
    .nullable(),
  profile: leaf
    .text('Profile of the AWS configuration.', /^\S.{0,127}$/, 'the name of an AWS profile')
    .nullable(),
  assumeRole: leaf
    .text(
      'IAM role that mlreg assumes, for example in another account. The identity that mlreg runs as must be allowed to.',
      /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
      'the ARN of a role, such as arn:aws:iam::123456789012:role/mlreg-cli-prod',
    )
    .nullable(),
  onInterrupt: leaf.choice(
    'What an interrupted `mlreg deploy` does if nobody can be asked: `rollback`, or `hold`, which keeps the share. `rollback` in protected environments unless given, else `hold`.',
    ['rollback', 'hold'],
  ),
  keepPrevious: leaf.duration('How long the previous version is kept after a promotion.', '0s'),
  onBreach: leaf.choice(
    'What a breach does. `rollback`: the rollout rolls back at once. `hold`: it advances no further, notifies people, and rolls back after `maxHold` unless somebody answers.',
    ['rollback', 'hold'],
  ),
  holdAt: leaf.choice(
    'Which share the challenger keeps while `onBreach: hold` waits. `share`: the present one. `zero`: none, so that everybody gets the champion meanwhile.',
    ['share', 'zero'],
  ),
  maxHold: leaf.duration('How long a rollout waits for a person before it rolls back by itself.'),
  settle: leaf.duration('The metrics of a tick are final when they have not changed for this long.', '0s'),
  horizon: leaf.duration('Metrics that arrive late are read again up to this age.', '0s'),
  approvalTimeout: leaf.duration('How long a rollout waits for approval before it starts.'),
  provisionTimeout: leaf.duration('How long a new endpoint may take.'),
  unreadableLimit: leaf.whole(
    'How many looks in a row may find the metrics unreadable before the rollout rolls back.',
    1,
    10_000,
  ),
  maxTries: leaf.whole('How often mlreg tries one change in AWS before its step fails.', 1, 100),
};

export const environmentSchema = z.strictObject({
  ...shared,
  protected: leaf.yesOrNo('A deploy must be confirmed by typing the name of the environment, or by --yes.'),
  approvals: leaf.whole('How many people must approve a rollout.', 0, 20),
  approvers,
  deployWindows,
  account: leaf
    .text(
      'The AWS account that this environment must be in. mlreg refuses any other.',
      /^\d{12}$/,
      "a quoted account number such as '123456789012'",
    )
    .nullable(),
  endpointUrl: leaf
    .text(
      'URL of an AWS emulator to use instead of AWS.',
      /^https?:\/\/[^\s@]+$/,
      'a URL without credentials, such as http://127.0.0.1:4566',
    )
    .nullable(),
  lambda: z
    .strictObject({
      function: leaf.text(
        'The inference function.',
        lambdaName,
        'the name of a Lambda function, such as recommendation-inference-prod',
      ),
      alias: leaf.text(
        'The alias that users reach.',
        /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/,
        'the name of an alias, such as live',
      ),
      green: leaf
        .text(
          'The second alias, to which blue-green swaps the stage; `off` for none.',
          /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/,
          'the name of an alias, such as green, or off',
        )
        .transform(orOff),
      latest: leaf.choice(
        'What a deploy does if code, variables or settings of $LATEST differ from what serves. `refuse`: it exits 2. `take`: they are put on trial with the version.',
        ['refuse', 'take'],
      ),
      keepVersions: leaf.whole(
        'How many of the newest Lambda versions that mlreg published stay when `mlreg gc` deletes those that nothing refers to.',
        1,
        1_000,
      ),
      shadowFunction: leaf.text(
        'The function that asks the challenger in a shadow rollout.',
        lambdaName,
        'the name of a Lambda function',
      ),
    })
    .meta({ description: 'The function behind the gateway.' }),
  api: z
    .strictObject({
      id: leaf
        .text(
          "The HTTP API's id; found by its name unless given.",
          /^[a-z0-9]{4,20}$/,
          'the id of an HTTP API, such as a1b2c3d4e5',
        )
        .nullable(),
      name: leaf.text(
        "The HTTP API's name.",
        /^\S.{0,127}$/,
        'the name of an HTTP API, such as recommendation-api-prod',
      ),
      stage: leaf.text(
        'The stage.',
        /^(\$default|[A-Za-z0-9_-]{1,128})$/,
        'the name of a stage, such as $default',
      ),
    })
    .meta({ description: 'The API Gateway HTTP API.' }),
  controller: leaf
    .text(
      'State machine of the rollout controller, by name or ARN; `off` for none.',
      /^(arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:)?[A-Za-z0-9_-]{1,80}$/,
      'the name or ARN of a state machine, such as mlreg-rollout-prod, or off',
    )
    .transform(orOff),
  table: leaf
    .text(
      'The DynamoDB table of registry and journal. `off` keeps them in .mlreg beside this file, on one machine, to try things out.',
      /^[A-Za-z0-9_.-]{3,255}$/,
      'the name of a DynamoDB table, such as mlreg-prod, or off',
    )
    .transform(orOff),
});

export const modelSchema = leaf.text(
  "The model's name. It begins the names of its resources.",
  /^[A-Za-z](-?[A-Za-z0-9]){0,31}$/,
  'a name of at most 32 letters, digits and inner hyphens, such as recommendation',
);

export const environmentNameSchema = leaf.text(
  'An environment.',
  /^[a-z](-?[a-z0-9]){0,19}$/,
  'a name of at most 20 small letters, digits and inner hyphens, such as prod',
);

/** mlreg.yaml as people write it. */
export const fileSchema = z.strictObject({
  model: modelSchema,
  defaultEnvironment: environmentNameSchema
    .optional()
    .meta({ description: 'The environment of commands that name none.' }),
  ...fileForm(z.strictObject(shared)).shape,
  environments: z
    .record(environmentNameSchema, fileForm(environmentSchema).nullable())
    .nullable()
    .optional()
    .meta({ description: 'dev, staging, prod and local are there by default; any further may be named.' }),
});

/** Every setting of an environment, under its name in the file, in the units of the domain. */
export type Settings = z.output<typeof environmentSchema>;

function orOff(written: string): string | null {
  return written === 'off' ? null : written;
}
