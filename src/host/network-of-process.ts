import type { Network } from './network.ts';

/** Of this process, made once: its environment does not change. Null where Node's own ways do. */
let known: Promise<Network | null> | undefined;

export const network = (): Promise<Network | null> => (known ??= made());

async function made(): Promise<Network | null> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  if ([...names, 'AWS_CA_BUNDLE'].every((name) => (process.env[name] ?? '') === '')) return null;
  // Loaded only by those who need it.
  return (await import('./network.ts')).networkOf(process.env);
}
