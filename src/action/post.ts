import { cleanUpOf } from './inputs.ts';
import { run } from './run.ts';

await run(() => cleanUpOf(process.env));
