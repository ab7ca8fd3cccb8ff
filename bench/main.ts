import { gateway } from './gateway.ts';
import { thisMachine } from './machine.ts';

declare const BENCH_ROOT: string;

console.log(thisMachine());
console.log(await gateway(BENCH_ROOT, Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 3)));
