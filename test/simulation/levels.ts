import { awsLevel } from './aws/aws-level.ts';
import type { RunOptions } from './simulate.ts';
import { tellBriefly } from './story.ts';

type Level = Pick<RunOptions, 'level' | 'tell'>;

/** The engine over a model of AWS; mlreg with its adapters and the AWS SDK over local AWS. */
export const levels = {
  engine: {},
  aws: { level: awsLevel, tell: tellBriefly },
} satisfies Readonly<Record<string, Level>>;

export const levelNames: readonly string[] = Object.keys(levels);

/** @throws where there is none of that name */
export function levelOf(name: string): Level {
  const found = Object.entries(levels).find(([known]) => known === name);
  if (found === undefined) throw new Error(`no level ${name}`);
  return found[1];
}
