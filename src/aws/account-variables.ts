import type { Finding, FunctionAt } from './account-function.ts';
import { readConfiguration, type Variables, variablesOf } from './lambda-configuration.ts';

/** Bytes that Lambda takes of all variables of a version together. Not adjustable. */
const mostBytes = 4_096;
/** So many of the function's own variables are named, the largest first. */
const mostNamed = 3;

/**
 * Whether each version to be published fits into what Lambda takes: the variables of $LATEST, with mlreg's own in place
 * of those of the same name. Values appear in no finding.
 * @param own mlreg's variables of each version
 * @throws PlatformError where the variables can't be read
 */
export async function roomForVariables(
  { clients, functionName }: FunctionAt,
  own: readonly Variables[],
): Promise<Finding> {
  const latest = variablesOf(await readConfiguration(clients, functionName));
  const [largest] = own
    .map((variables) => ({ variables, bytes: bytesOf({ ...latest, ...variables }) }))
    .sort((a, b) => b.bytes - a.bytes);
  if (largest === undefined || largest.bytes <= mostBytes) {
    const detail = `the variables take ${count(largest?.bytes ?? bytesOf(latest))} of ${count(mostBytes)} bytes at most`;
    return { ok: true, detail };
  }
  const others = Object.entries(latest).filter(([name]) => !(name in largest.variables));
  const theirs = bytesOf(Object.fromEntries(others));
  const named = others
    .map(([name, value]) => ({ name, bytes: bytesOf({ [name]: value }) - 2 }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, mostNamed)
    .map(({ name, bytes }) => `${name} ${count(bytes)}`);
  const over = largest.bytes - mostBytes;
  return {
    ok: false,
    detail: `the variables of ${functionName} leave no room for mlreg's: a published version would have ${count(largest.bytes)} bytes of them, and Lambda takes ${count(mostBytes)}. mlreg needs ${count(largest.bytes - theirs)}, the function's own take ${count(theirs)} (${named.join(', ')})`,
    mend: `free ${count(over)} ${over === 1 ? 'byte' : 'bytes'} of the variables of ${functionName}: keep the large ones in the Parameter Store or in its code`,
    blocks: 'configuration',
  };
}

/** As Lambda counts: the map as JSON in UTF-8, so that each quotation mark of MLREG_ROUTE takes two bytes. */
const bytesOf = (variables: Variables): number => Buffer.byteLength(JSON.stringify(variables));

const count = (value: number): string => value.toLocaleString('en-US');
