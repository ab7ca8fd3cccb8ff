import { stringify } from 'yaml';
import * as z from 'zod';
import { UserError } from '../domain/user-error.ts';
import { defaultsOf } from './defaults.ts';
import { isSection, type RawSection, valueAt } from './layers.ts';

/** What the modules' output `mlreg` holds; see terraform/modules/stack/outputs.tf. */
const stack = z.object({
  model: z.string().min(1),
  environment: z.string().min(1),
  region: z.string().min(1),
  account: z.string().min(1),
  function: z.string().min(1),
  alias: z.string().min(1),
  green: z.string().min(1).optional(),
  shadow_function: z.string().nullish(),
  api_id: z.string().min(1),
  api_name: z.string().min(1),
  stage: z.string().min(1),
  recommend_path: z.string().min(1),
  table: z.string().min(1),
  topic: z.string().min(1),
  model_role: z.string().min(1),
  controller: z.string().nullish(),
});

/** One environment as Terraform made it. */
export interface TerraformStack {
  readonly model: string;
  readonly environment: string;
  /** What stands under the environment's name in mlreg.yaml: all that mlreg would not assume by itself. */
  readonly section: RawSection;
}

/**
 * Reads what `terraform output -json` prints, or `terraform output -json mlreg`.
 * @param name of the file, for people
 * @throws UserError
 */
export function readTerraform(name: string, text: string): TerraformStack {
  const mend = 'terraform output -json | mlreg init --from-terraform -';
  let outputs: unknown;
  try {
    outputs = JSON.parse(text);
  } catch (cause) {
    throw new UserError('usage', `${name} is not JSON`, { cause, mend });
  }
  const whole = isSection(outputs) ? valueAt(outputs, ['mlreg', 'value']) : undefined;
  const read = stack.safeParse(whole ?? outputs);
  if (!read.success) {
    const wrong = [...new Set(read.error.issues.map(({ path }) => path.join('.')))].filter(
      (path) => path !== '',
    );
    throw new UserError('usage', `${name} holds no output \`mlreg\` of the modules`, {
      why: wrong.length === 0 ? 'it is no object' : `missing or wrong: ${wrong.join(', ')}`,
      mend,
    });
  }
  return sectionOf(read.data);
}

function sectionOf(made: z.output<typeof stack>): TerraformStack {
  const { model, environment } = made;
  const usual = defaultsOf(environment, model);
  const settings: readonly (readonly [path: readonly string[], value: string | null | undefined])[] = [
    [['region'], made.region],
    [['account'], made.account],
    [['requests', 'path'], made.recommend_path],
    [['lambda', 'function'], made.function],
    [['lambda', 'alias'], made.alias],
    [['lambda', 'green'], made.green],
    [['lambda', 'shadowFunction'], made.shadow_function],
    [['api', 'id'], made.api_id],
    [['api', 'name'], made.api_name],
    [['api', 'stage'], made.stage],
    [['sagemaker', 'role'], made.model_role],
    [['table'], made.table],
    [['notifications', 'sns'], made.topic],
    // Without a controller nothing can be handed over.
    [['controller'], made.controller === null ? 'off' : made.controller],
  ];
  const section: Record<string, unknown> = {};
  for (const [path, value] of settings) {
    const byDefault = valueAt(usual, path);
    if (value === undefined || value === null || byDefault === undefined || byDefault === value) continue;
    const [first = '', second] = path;
    if (second === undefined) section[first] = value;
    else section[first] = { ...(section[first] as object | undefined), [second]: value };
  }
  return { model, environment, section };
}

/** A section as it stands under its environment's name in mlreg.yaml. */
export function terraformSection({ model, section }: TerraformStack): string {
  const settings = stringify(section, { lineWidth: 0, singleQuote: true }).trimEnd();
  const image = `  #image: ${String(section['account'])}.dkr.ecr.${String(section['region'])}.amazonaws.com/${model}:1`;
  return [...settings.split('\n').flatMap((line) => (/^ +role:/.test(line) ? [line, image] : [line]))]
    .map((line) => `    ${line}\n`)
    .join('');
}
