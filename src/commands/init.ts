import { join, resolve } from 'node:path';
import { readTerraform, starterConfig, type TerraformStack, terraformSection } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface InitOptions {
  readonly modelName?: string;
  /** Files with what `terraform output -json` prints, one an environment; `-` is stdin. */
  readonly fromTerraform?: readonly string[];
}

/** Writes what is missing, replaces nothing. */
export async function init(context: Context, options: InitOptions): Promise<ExitCode> {
  const { world, output } = context;
  const stacks = (options.fromTerraform ?? []).map((file) => readStack(context, file));
  const model = oneModel(options.modelName, stacks);
  const environments = new Map(stacks.map((stack) => [stack.environment, terraformSection(stack)]));
  if (!/^[A-Za-z](-?[A-Za-z0-9]){0,31}$/.test(model)) {
    throw new UserError('usage', `--model-name: '${model}' is not a model's name`, {
      why: 'it begins the names of AWS resources: letters, digits and inner hyphens, 32 at most',
      mend: '--model-name recommendation',
    });
  }
  const files: readonly (readonly [string, string])[] = [
    ['mlreg.yaml', starterConfig(model, { withLocal: true, environments })],
    ['.github/workflows/deploy-model.yml', workflow(model)],
  ];
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of files) {
    if (world.files.exists(join(world.cwd, name))) kept.push(name);
    else {
      world.files.create(join(world.cwd, name), text);
      written.push(name);
    }
  }
  // What could not be written is said, so that nothing has to be looked up.
  const sections = kept.includes('mlreg.yaml') ? [...environments] : [];
  output.answer(
    { kind: 'Init', written, kept, environments: stacks.map(({ environment }) => environment) },
    () =>
      [
        ...written.map((name) => `wrote ${name}`),
        ...kept.map((name) => `kept  ${name}: it is there already`),
        ...(sections.length === 0 ? [] : ['put into mlreg.yaml:', 'environments:']),
        ...sections.map(([name, section]) => `  ${name}:\n${section.trimEnd()}`),
        'next: mlreg local up --detach, then mlreg register VERSION --artifact FILE -e local',
      ].join('\n'),
  );
  return exitCode.done;
}

function readStack({ world }: Context, file: string): TerraformStack {
  let text: string;
  try {
    text = world.files.read(file === '-' ? '/dev/stdin' : resolve(world.cwd, file));
  } catch (cause) {
    throw new UserError('usage', `--from-terraform: ${file} can't be read`, {
      cause,
      mend: 'terraform output -json | mlreg init --from-terraform -',
    });
  }
  return readTerraform(file === '-' ? 'stdin' : file, text);
}

/** mlreg.yaml is of one model. */
function oneModel(said: string | undefined, stacks: readonly TerraformStack[]): string {
  const models = [...new Set([...(said === undefined ? [] : [said]), ...stacks.map(({ model }) => model)])];
  if (models.length > 1) {
    throw new UserError('usage', `one mlreg.yaml is of one model, not of ${models.join(' and ')}`, {
      mend: 'write one mlreg.yaml for each model, in folders of their own',
    });
  }
  return models[0] ?? 'recommendation';
}

/** Inputs go through the environment: a version typed into the form is never shell. */
const workflow = (model: string): string => `name: Deploy ${model}
on:
  workflow_dispatch:
    inputs:
      model-version: { description: Version to roll out, type: string, required: true }
      strategy: { description: Strategy, type: choice, options: [canary, blue-green, shadow], default: canary }
      environment: { description: Environment, type: environment, required: true }
permissions: { contents: read, id-token: write }
concurrency: { group: "mlreg-${model}-\${{ inputs.environment }}", cancel-in-progress: false }
jobs:
  deploy:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    environment: "\${{ inputs.environment }}"
    env:
      MLREG_ENVIRONMENT: "\${{ inputs.environment }}"
      MODEL_VERSION: "\${{ inputs.model-version }}"
      STRATEGY: "\${{ inputs.strategy }}"
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22 }
      - uses: aws-actions/configure-aws-credentials@v4
        with: { role-to-assume: "\${{ vars.MLREG_ROLE }}", aws-region: "\${{ vars.AWS_REGION }}", role-duration-seconds: 21600 }
      - run: npm ci
      # exec: so that a cancelled job's signal reaches mlreg itself, which rolls back.
      - run: exec ./node_modules/.bin/mlreg deploy --strategy "$STRATEGY" --model-version "$MODEL_VERSION" --yes
      - if: cancelled() || failure()
        run: ./node_modules/.bin/mlreg abort --if-running --yes
`;
