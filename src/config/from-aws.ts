import { stringify } from 'yaml';
import { defaultsOf } from './defaults.ts';
import { type RawSection, valueAt } from './layers.ts';

/** What an environment of a stack that mlreg did not make is set to. null: not known. */
export interface StackSettings {
  readonly region: string;
  readonly account: string;
  readonly routing: 'sticky' | 'weighted';
  readonly path: string | null;
  readonly function: string;
  readonly alias: string | null;
  /** Whether the integration takes its alias from the stage. */
  readonly swapsStage: boolean;
  readonly api: { readonly id: string; readonly name: string; readonly stage: string | null } | null;
  readonly model: {
    readonly role: string | null;
    readonly image: string | null;
    readonly memoryMb: number | null;
    readonly maxConcurrency: number | null;
  } | null;
}

/** The lines under the environment's name in mlreg.yaml: all that mlreg would not assume by itself. */
export function stackSection(model: string, environment: string, made: StackSettings): string {
  const usual = defaultsOf(environment, model);
  const settings: readonly (readonly [path: readonly string[], value: string | number | null])[] = [
    [['region'], made.region],
    [['account'], made.account],
    [['routing'], made.routing],
    [['requests', 'path'], made.path],
    [['lambda', 'function'], made.function],
    [['lambda', 'alias'], made.alias],
    [['lambda', 'green'], made.swapsStage ? null : 'off'],
    [['api', 'id'], made.api?.id ?? null],
    [['api', 'name'], made.api?.name ?? null],
    [['api', 'stage'], made.api?.stage ?? null],
    [['sagemaker', 'role'], made.model?.role ?? null],
    [['sagemaker', 'image'], made.model?.image ?? null],
    [['sagemaker', 'memoryMb'], made.model?.memoryMb ?? null],
    [['sagemaker', 'maxConcurrency'], made.model?.maxConcurrency ?? null],
    // Records on this machine until there is a table.
    [['table'], 'off'],
    [['controller'], 'off'],
    [['notifications', 'sns'], 'off'],
  ];
  const section: Record<string, unknown> = {};
  for (const [path, value] of settings) {
    if (value === null || valueAt(usual, path) === value) continue;
    const [first = '', second] = path;
    if (second === undefined) section[first] = value;
    else section[first] = { ...(section[first] as RawSection | undefined), [second]: value };
  }
  return stringify(section, { lineWidth: 0, singleQuote: true })
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
}
