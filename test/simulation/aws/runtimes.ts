import type { ContainerRuntime, FunctionRuntime } from '../../../src/local-aws/seams.ts';
import type { Story } from '../story.ts';

/** Warm-ups are answered; users' requests are only counted (`traffic.ts`). */
export const functions: FunctionRuntime = {
  invoke: async () => ({ payload: '{}', coldStart: false, logs: [] }),
  stop: () => Promise.resolve(),
};

const container = {
  invoke: async () => ({
    status: 200,
    body: Buffer.from('{}'),
    contentType: 'application/json',
    customAttributes: undefined,
  }),
  stop: () => Promise.resolve(),
};

/** What was there before the story begins comes up; of the rest the story says what becomes. */
export function containersOf({ endpointFate, first, mended }: Story): ContainerRuntime {
  let asked = 0;
  const before = first === true ? 2 : 3;
  return {
    async start({ endpointName }) {
      if (asked++ < before || endpointFate.kind === 'ready') return container;
      if (endpointFate.kind === 'failed' && mended === true && /-g\d+$/.test(endpointName)) return container;
      if (endpointFate.kind === 'failed') throw new Error('no capacity');
      return new Promise(() => undefined);
    },
  };
}
