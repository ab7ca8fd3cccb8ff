import { append, held } from '../../contract/store/samples.ts';
import { openStore } from '../../../src/store/embedded.ts';

/** Run as a program of its own: appends so many entries, and prints each one's name once it is acknowledged. */
const [stateDir = '', name = '', token = '', count = ''] = process.argv.slice(2);
const store = openStore({ stateDir, environment: 'local', model: 'recs' });
let length = 0;
for (let written = 0; written < Number(count); ) {
  const outcome = await append(store, Number(token), length, { entries: [held(`${name}-${written}`)] });
  if (outcome.kind === 'fenced') process.exit(5);
  if (outcome.kind === 'appended') process.stdout.write(`${name}-${written++}\n`);
  length = outcome.kind === 'moved' ? outcome.length : length + 1;
}
