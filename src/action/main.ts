import { argvOf } from './inputs.ts';
import { run } from './run.ts';

await run(() => argvOf(process.env));
