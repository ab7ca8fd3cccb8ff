import { vi } from 'vitest';

/** As vi.waitFor, which gives up after a second: on a busy machine a process takes longer to start. */
export const waitFor = <T>(look: () => T | Promise<T>, timeout = 60_000): Promise<T> =>
  vi.waitFor(look, { timeout, interval: 20 });
