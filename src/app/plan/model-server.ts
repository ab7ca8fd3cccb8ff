import type { EnvironmentConfig } from '../../config/index.ts';
import { UserError } from '../../domain/user-error.ts';
import type { Caller } from '../session.ts';

export interface ImageTrouble {
  readonly what: string;
  readonly mend: string;
}

/** Why no endpoint of this environment could run a model server; null where one could, or where only AWS knows. */
export async function imageTrouble(
  { world }: Caller,
  { name, kind, sagemaker: { image } }: EnvironmentConfig,
): Promise<ImageTrouble | null> {
  if (image === null) {
    const example = kind === 'local' ? ', as local://./serve.mjs or local://python3 serve.py' : '';
    return {
      what: `${name} has no model server`,
      mend: `set environments.${name}.sagemaker.image in mlreg.yaml${example}`,
    };
  }
  return kind === 'local' ? world.local.imageTrouble(image) : null;
}

/** A missing program would show only when the endpoint fails, minutes into a rollout. @throws UserError usage */
export async function refuseWithoutImage(context: Caller, config: EnvironmentConfig): Promise<void> {
  const trouble = await imageTrouble(context, config);
  if (trouble === null) return;
  throw new UserError('usage', `the model server can't run: ${trouble.what}`, {
    why: `environments.${config.name}.sagemaker.image names what answers /ping and /invocations; nothing was created`,
    mend: trouble.mend,
  });
}
