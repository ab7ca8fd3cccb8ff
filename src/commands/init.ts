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

/** This project's own, as it uses them itself. `ci-cd.yml` is left out: a repository has tests of its own. */
const workflows = ['model-deployment', 'promote-to-staging', 'promote-to-production', 'approve-rollout'].map(
  (name) => `.github/workflows/${name}.yml`,
);

/** There the action is the package that `npm ci` installs, built: the lock file says which, by its hash. */
const workflow = (text: string): string =>
  text
    .replaceAll('uses: ./\n', 'uses: ./node_modules/mlreg\n')
    .replaceAll('      - run: npm run build\n', '');

/** Writes what is missing, replaces nothing. */
export async function init(context: Context, options: InitOptions): Promise<ExitCode> {
  const { world, output } = context;
  const stacks = (options.fromTerraform ?? []).map((file) => readStack(context, file));
  const model = oneModel([options.modelName, context.options.model], stacks);
  const environments = new Map(stacks.map((stack) => [stack.environment, terraformSection(stack)]));
  if (!/^[A-Za-z](-?[A-Za-z0-9]){0,31}$/.test(model)) {
    throw new UserError('usage', `--model-name: '${model}' is not a model's name`, {
      why: 'it begins the names of AWS resources: letters, digits and inner hyphens, 32 at most',
      mend: '--model-name recommendation',
    });
  }
  const files: readonly (readonly [string, string])[] = [
    ['mlreg.yaml', starterConfig(model, { withLocal: true, environments })],
    ...workflows.map((name) => [name, workflow(world.files.packaged(name))] as const),
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
function oneModel(said: readonly (string | undefined)[], stacks: readonly TerraformStack[]): string {
  const named = said.filter((name) => name !== undefined);
  const models = [...new Set([...named, ...stacks.map(({ model }) => model)])];
  if (models.length > 1) {
    throw new UserError('usage', `one mlreg.yaml is of one model, not of ${models.join(' and ')}`, {
      mend: 'write one mlreg.yaml for each model, in folders of their own',
    });
  }
  return models[0] ?? 'recommendation';
}
