import { join, resolve } from 'node:path';
import { readTerraform, starterConfig, type TerraformStack, terraformSection } from '../config/index.ts';
import { fromAws, type FromAws, type Item } from './init-from-aws.ts';
import { nextSteps, ownServers, type Template, templateOf } from './init-template.ts';
import { UserError } from '../domain/user-error.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCode } from './exit-codes.ts';

export interface InitOptions {
  readonly modelName?: string;
  /** Reads `function` and what stands around it. */
  readonly fromAws?: boolean;
  readonly function?: string;
  /** A model server to begin with. */
  readonly template?: string;
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

/** Writes what is missing, replaces nothing, and names no file that is not there. */
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
  const existing =
    options.fromAws === true ? await fromAws(context, { functionName: options.function, model }) : null;
  if (existing !== null) environments.set(existing.environment, existing.section);
  else if (options.function !== undefined)
    throw new UserError('usage', '--function is read with --from-aws', {
      mend: `mlreg init --from-aws --function ${options.function}`,
    });
  const template = templateOf(options.template);
  const isThere = (name: string): boolean => world.files.exists(join(world.cwd, name));
  const image = template?.image ?? ownServers.find(([file]) => isThere(file))?.[1];
  const files: readonly (readonly [string, string])[] = [
    [
      'mlreg.yaml',
      starterConfig(model, {
        withLocal: true,
        environments,
        ...(image === undefined ? {} : { image }),
        ...(template !== undefined || isThere('smoke.json') ? { smoke: 'smoke.json' } : {}),
      }),
    ],
    ...(template?.files ?? []).map(
      (name) => [name, world.files.packaged(`${template?.folder}/${name}`)] as const,
    ),
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
  const missing = kept.includes('mlreg.yaml') ? settingsOf(environments, template) : [];
  const steps =
    existing === null ? nextSteps({ template, hasServer: image !== undefined }) : stepsAfter(existing);
  const trouble = template === undefined ? null : await world.local.imageTrouble(template.check(world.cwd));
  output.answer(
    {
      kind: 'Init',
      written,
      kept,
      environments: [...environments.keys()],
      checklist: existing?.checklist ?? [],
      next: steps.map(([command]) => command),
    },
    () =>
      [
        ...written.map((name) => `wrote ${name}`),
        ...kept.map((name) => `kept  ${name}: it is there already`),
        ...(missing.length === 0 ? [] : ['put into mlreg.yaml:', ...missing]),
        ...(existing?.checklist ?? []).map((item) => itemText(item, output.paint)),
        'next:',
        ...steps.map(([command, why]) =>
          `  ${command.padEnd(46)}${why === '' ? '' : `  # ${why}`}`.trimEnd(),
        ),
      ].join('\n'),
  );
  if (trouble !== null) output.say(`${trouble.what}; ${trouble.mend}`);
  return exitCode.done;
}

const stepsAfter = ({ environment }: FromAws): readonly (readonly [string, string])[] => [
  [`mlreg doctor -e ${environment}`, 'with permissions, role and quotas'],
  [`mlreg adopt VERSION -e ${environment}`, 'what serves today becomes the champion; no user moves'],
];

const itemText = ({ what, ok, detail, fix }: Item, paint: Context['output']['paint']): string =>
  `${ok ? paint.green('✔') : paint.yellow('!')} ${what.padEnd(11)} ${detail}${fix === undefined ? '' : `\n              fix: ${fix}`}`;

/** What mlreg.yaml would hold of these, line by line. */
function settingsOf(
  environments: ReadonlyMap<string, string>,
  template: Template | undefined,
): readonly string[] {
  const sections = [
    ...[...environments].map(([name, section]) => `  ${name}:\n${section.trimEnd()}`),
    ...(template === undefined ? [] : [`  local:\n    sagemaker:\n      image: local://${template.image}`]),
  ];
  return [
    ...(template === undefined ? [] : ['requests:\n  smoke: smoke.json']),
    ...(sections.length === 0 ? [] : ['environments:', ...sections]),
  ];
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
