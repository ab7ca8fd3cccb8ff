import type { LoadOptions } from '../local-aws/data-plane/load.ts';
import type { LoadReport } from '../local-aws/data-plane/load-report.ts';

/** AWS on this machine, as the `local` commands steer it. */
export interface LocalAws {
  up(options: LocalUpOptions): Promise<LocalUp>;
  status(stateDir: string): Promise<LocalStatus | null>;
  down(stateDir: string): Promise<boolean>;
  /** Variables by which any AWS client reaches it: they hold its token. null where it is not running. */
  access(stateDir: string): Promise<Readonly<Record<string, string>> | null>;
  /** Why this machine can't run a model server's image, and what to do; null where it can. Starts nothing. */
  imageTrouble(image: string): Promise<{ readonly what: string; readonly mend: string } | null>;
  /** Open-loop load on the gateway. */
  load(options: LoadOptions): Promise<LoadReport>;
}

export interface LocalUpOptions {
  readonly model: string;
  /** As mlreg.yaml has them: the API's route and the function's variables follow. */
  readonly requests: { readonly path: string; readonly userKey: string };
  readonly stateDir: string;
  readonly controlPort: number;
  readonly gatewayPort: number;
  readonly detach: boolean;
  /** mlreg.yaml for the rollout controller that runs beside it, absolute; null for none. */
  readonly controllerConfig: string | null;
}

export interface LocalUp {
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  readonly pid: number;
  readonly alreadyRunning: boolean;
  /** Resolves when a daemon in the foreground has ended. */
  readonly ended: Promise<void>;
}

export interface LocalStatus {
  readonly pid: number;
  readonly controlUrl: string;
  readonly gatewayUrl: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** The rollout controller that runs beside it. */
  readonly controller: 'none' | 'runs' | 'dead';
  /** What a person must know of that, with what to type. */
  readonly trouble: { readonly what: string; readonly mend: string } | null;
}
