import type { Context } from '../commands/context.ts';
import type { ExitCode } from '../commands/exit-codes.ts';

export type Run = (context: Context, options: never, ...args: string[]) => Promise<ExitCode>;

export type OptionRow = readonly [flags: string, description: string, byDefault?: string];

/** One command as people type it. */
export interface CommandRow {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly options?: readonly OptionRow[];
  /** What an optional word behind the command is short for, by its long option: `mlreg deploy v2.3.0`. */
  readonly wordFor?: 'model-version' | 'to' | 'percent' | 'environment';
  /** Global options, by their long names, that this command would accept and ignore: it refuses them. And why. */
  readonly withoutEffect?: Readonly<Record<string, string>>;
  /** An option beside which some of them do have an effect. */
  readonly effectBeside?: {
    /** As typed. */
    readonly flag: string;
    /** As commander names it. */
    readonly option: string;
    readonly names: readonly string[];
  };
  readonly examples: readonly string[];
  /** Not in help: machines type it. */
  readonly hidden?: true;
  /** Loaded only when the command is typed. */
  readonly load: () => Promise<Run>;
}
