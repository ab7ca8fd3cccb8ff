import type { RouterConfig } from './config.ts';
import type { HandlerDeps } from './deps.ts';
import { createEmfLine } from './emf-line.ts';

/** Sent by a direct invoke, never through the gateway: proves the path from this function's log to its metrics. */
export interface Probe {
  readonly mlreg: 'probe';
}

export interface ProbeAnswer {
  /** When it was counted by this function's clock, in milliseconds, and under which ModelVersion. */
  readonly probed: { readonly at: number; readonly version: string };
}

export function isProbe(event: unknown): event is Probe {
  return (event as Partial<Probe> | null | undefined)?.mlreg === 'probe';
}

/** Prints the metric Probe and no other: no request, no error, no model is asked. */
export function createProbe(config: RouterConfig, { now, emit }: Pick<HandlerDeps, 'now' | 'emit'>) {
  const line = createEmfLine(config);
  const { version } = config.serving.kind === 'sticky' ? config.serving.route.champion : config.serving.arm;
  return (): ProbeAnswer => {
    const at = now();
    emit(line(at, version, { Probe: 1 }, {}));
    return { probed: { at, version } };
  };
}
