import { main } from './cli.ts';
import { createWorld } from './host/world.ts';

declare const MLREG_VERSION: string;

/** What bin calls. A reader that goes away (`| head`) is no error. */
export async function run(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const code = await main(argv, createWorld(MLREG_VERSION));
  // Keep-alive sockets of the SDK would hold the process open for seconds.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  setImmediate(() => process.exit(code));
  return code;
}
