import { parseArmTag } from '../domain/arm.ts';
import type { VersionTag } from '../domain/units.ts';

interface Arm {
  readonly version: VersionTag;
  readonly endpoint: string;
}

/** What a published Lambda version says of the model versions that it serves. */
export interface Served {
  readonly functionVersion: string;
  readonly codeSha256: string;
  readonly routing: 'sticky' | 'weighted';
  readonly champion: Arm;
  /** With a share of users, or of copies. */
  readonly challenger?: Arm;
}

/** @returns null where it names no model version */
export function servedBy(publication: {
  readonly functionVersion: string;
  readonly codeSha256: string;
  readonly variables: Readonly<Record<string, string>>;
}): Served | null {
  const { functionVersion, codeSha256, variables } = publication;
  const {
    MLREG_ROUTE: text = '',
    MLREG_WEIGHTED: beside = '',
    MODEL_VERSION,
    SAGEMAKER_ENDPOINT,
  } = variables;
  const common = { functionVersion, codeSha256 };
  if (text === '') {
    const champion = armOf({ version: MODEL_VERSION, endpoint: SAGEMAKER_ENDPOINT });
    if (champion === null) return null;
    const tested = testedBeside(beside, champion);
    return { ...common, routing: 'weighted', champion, ...(tested === null ? {} : { challenger: tested }) };
  }
  try {
    const route = JSON.parse(text) as { readonly champion?: unknown; readonly challenger?: unknown };
    const [champion, challenger] = [armOf(route.champion), armOf(route.challenger)];
    if (champion === null) return null;
    return { ...common, routing: 'sticky', champion, ...(challenger === null ? {} : { challenger }) };
  } catch {
    return null;
  }
}

/** What testers get of a weighted version that is not this one: it does not serve everybody alone. */
function testedBeside(text: string, { version }: Arm): Arm | null {
  if (text === '') return null;
  try {
    const { challenger } = JSON.parse(text) as { readonly challenger?: unknown };
    const arm = armOf(challenger);
    return arm === null || arm.version === version ? null : arm;
  } catch {
    return null;
  }
}

function armOf(found: unknown): Arm | null {
  const { version, endpoint } = (found ?? {}) as { readonly version?: unknown; readonly endpoint?: unknown };
  if (typeof version !== 'string' || typeof endpoint !== 'string') return null;
  try {
    return { version: parseArmTag(version, 'MODEL_VERSION'), endpoint };
  } catch {
    return null;
  }
}
