import { awsLevel } from './aws/aws-level.ts';
import { engineLevel } from './engine-level.ts';
import type { BuildLevel } from './level.ts';

/** By the names that people call them. */
const levels: Readonly<Record<string, BuildLevel>> = { engine: engineLevel, aws: awsLevel };

export const levelNames: readonly string[] = Object.keys(levels);

export const levelOf = (name: string): BuildLevel | undefined =>
  Object.hasOwn(levels, name) ? levels[name] : undefined;
