import { relative, resolve } from 'node:path';
import {
  changedPolicy,
  type EnvironmentConfig,
  judgePolicy,
  loadConfig,
  readPolicyFile,
} from '../config/index.ts';
import type { JudgePolicy } from '../domain/policy.ts';
import { UserError } from '../domain/user-error.ts';
import type { Context } from './context.ts';

/** A policy and where it comes from, for people. */
export interface JudgedBy {
  readonly policy: JudgePolicy;
  readonly from: string;
}

/** A policy file's changes over whatever would hold without it. */
export function changedByFile(context: Context, base: JudgedBy, file: string): JudgedBy {
  const { world } = context;
  let text: string;
  try {
    text = world.files.read(resolve(world.cwd, file));
  } catch (cause) {
    const missing = !world.files.exists(resolve(world.cwd, file));
    throw new UserError('usage', missing ? `there is no file ${file}` : `${file} can't be read`, {
      cause,
      mend: 'a policy is YAML or JSON with the sections judge and guardrails of mlreg.yaml',
    });
  }
  return {
    policy: changedPolicy(base.policy, readPolicyFile(text, file)),
    from: `${file}, over ${base.from}`,
  };
}

/**
 * The policy that a canary in the environment would be judged by, its planned looks included; the built-in defaults
 * where there is no mlreg.yaml.
 */
export function environmentPolicy({ world, options }: Context, tickMs: number): JudgedBy {
  const { environment, model, config: file, region, profile } = options;
  const config = loadConfig({
    cwd: world.cwd,
    ...(file === undefined ? {} : { file }),
    env: world.env,
    flags: {
      // Without mlreg.yaml a model must have a name, and any will do here.
      model: model ?? 'model',
      ...(environment === undefined ? {} : { environment }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
    },
    readFile: (path) => world.files.read(path),
    exists: (path) => world.files.exists(path),
    allowMissing: true,
  });
  const at = config.environment();
  const where =
    config.file === null ? 'the built-in defaults' : relative(world.cwd, config.file) || config.file;
  return { policy: canaryPolicy(at, tickMs), from: `${where} (${at.name})` };
}

function canaryPolicy(environment: EnvironmentConfig, tickMs: number): JudgePolicy {
  const { steps, bakeMs } = environment.strategies.canary;
  const ticks = Math.max(1, Math.round(bakeMs / tickMs));
  return judgePolicy(environment, {
    // A step for testers alone is not judged.
    steps: steps.filter((percent) => percent > 0).map((percent) => ({ percent, ticks })),
    tickMs,
    history: [],
    historyTickMs: tickMs,
  });
}
