import { runDaemon } from './local-aws/daemon.ts';
import { controllerBeside, type DaemonAnswer } from './local-world.ts';

/** The detached daemon's process: options in, one message out, then it serves until it is told to stop. */
const answer = (message: DaemonAnswer): void => void process.send?.(message);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  const options = JSON.parse(process.argv[2] ?? '{}') as {
    stateDir: string;
    controlPort: number;
    gatewayPort: number;
    routerBundle: string;
    model: string;
    controllerConfig?: string | null;
  };
  const { stateDir, controllerConfig = null } = options;
  const daemon = await runDaemon({ ...options, ownsProcess: true, say });
  await controllerBeside(daemon.stopped, { stateDir, controllerConfig });
  answer({ kind: 'up', controlUrl: daemon.controlUrl, gatewayUrl: daemon.gatewayUrl });
} catch (error) {
  const mend =
    error instanceof Error && 'mend' in error && typeof error.mend === 'string'
      ? error.mend
      : 'mlreg local up';
  answer({ kind: 'refused', message: error instanceof Error ? error.message : String(error), mend });
  process.exitCode = 1;
  process.disconnect?.();
}
