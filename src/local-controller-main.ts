import { runLocalController } from './controller/local.ts';
import type { LocalControllerOptions } from './host/local-controller.ts';

/** The controller's process beside AWS on this machine: options in, and it ends when its parent does. */
// A lap that is cut short is what the next one is made for.
process.once('disconnect', () => process.exit(0));
// It may have ended while this one was still loading.
if (process.connected === false) process.exit(0);
await runLocalController(JSON.parse(process.argv[2] ?? '{}') as LocalControllerOptions);
