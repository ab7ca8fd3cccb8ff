import { fileURLToPath } from 'node:url';
import { runDaemon } from './local-aws/daemon.ts';
import { unpackFromInput, unpackWord } from './local-aws/data-plane/unpack-child.ts';
import { controllerBeside, type DaemonAnswer } from './host/local-world.ts';

/**
 * The detached daemon's process: options in, one message out, then it serves until it is told to stop. Told to unpack, it
 * extracts one archive and ends.
 */
const [, , order = '{}', target] = process.argv;
const answer = (message: DaemonAnswer): void => void process.send?.(message);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (order === unpackWord && target !== undefined) await unpackFromInput(target);
else await serve();

async function serve(): Promise<void> {
  try {
    const options = JSON.parse(order) as {
      stateDir: string;
      controlPort: number;
      gatewayPort: number;
      routerBundle: string;
      model: string;
      requests?: { path: string; userKey: string };
      controllerConfig?: string | null;
    };
    const { stateDir, controllerConfig = null } = options;
    const daemon = await runDaemon({
      ...options,
      unpacker: fileURLToPath(import.meta.url),
      ownsProcess: true,
      say,
    });
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
}
