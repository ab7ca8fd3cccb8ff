import { strToU8, zipSync } from 'fflate';
import {
  createLocalAws,
  type LocalAws,
  type LocalAwsOptions,
} from '../../../../src/local-aws/core/local-aws.ts';
import type {
  Container,
  ContainerRequest,
  ContainerResponse,
  ContainerRuntime,
  ContainerSpec,
  FunctionRuntime,
  FunctionSnapshot,
  Invocation,
  InvocationResult,
  LocalClock,
} from '../../../../src/local-aws/seams.ts';

/** Time that moves when told to, and lets what waits run in between. */
export interface VirtualClock extends LocalClock {
  advance(ms: number): Promise<void>;
}

export const START = Date.UTC(2026, 10, 21, 12, 0, 0);

export function virtualClock(start = START): VirtualClock {
  let now = start;
  let waiting: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    at(at, run) {
      const entry = { at, run };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((each) => each !== entry);
      };
    },
    async advance(ms) {
      const end = now + ms;
      await settled();
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        waiting = waiting.filter((each) => each !== next);
        now = Math.max(now, next.at);
        next.run();
        await settled();
      }
      now = end;
      await settled();
    },
  };
}

/** Lets promises that wait for nothing but one another run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export interface Bench {
  readonly local: LocalAws;
  readonly clock: VirtualClock;
  readonly functions: FakeFunctions;
  readonly containers: FakeContainers;
  /** What the next draws of alias weights give; 0.5 where there are none. */
  readonly draws: number[];
  readonly changes: () => number;
}

export function bench(options: Partial<LocalAwsOptions> = {}): Bench {
  const clock = (options.clock as VirtualClock | undefined) ?? virtualClock();
  const functions = fakeFunctions();
  const containers = fakeContainers();
  const draws: number[] = [];
  let ids = 0;
  let changes = 0;
  const local = createLocalAws({
    clock,
    ids: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    random: () => draws.shift() ?? 0.5,
    functions,
    containers,
    changed: () => void changes++,
    ...options,
  });
  return { local, clock, functions, containers, draws, changes: () => changes };
}

export interface FakeFunctions extends FunctionRuntime {
  /** Every invocation, oldest first. */
  readonly invoked: { readonly version: FunctionSnapshot; readonly invocation: Invocation }[];
  readonly stopped: (FunctionSnapshot | undefined)[];
  /** Replaces what a function answers: by default its version and environment. */
  answer: (version: FunctionSnapshot, invocation: Invocation) => InvocationResult | Promise<InvocationResult>;
}

function fakeFunctions(): FakeFunctions {
  const fake: FakeFunctions = {
    invoked: [],
    stopped: [],
    answer: (version) => ({
      payload: JSON.stringify({ version: version.version, environment: version.environment }),
      coldStart: false,
      logs: [],
    }),
    async invoke(version, invocation) {
      fake.invoked.push({ version, invocation });
      return fake.answer(version, invocation);
    },
    async stop(version) {
      fake.stopped.push(version);
    },
  };
  return fake;
}

export interface FakeContainers extends ContainerRuntime {
  readonly started: ContainerSpec[];
  readonly stopped: ContainerSpec[];
  /** Replaces how a container comes up; throw to fail it. */
  boot: (spec: ContainerSpec) => Promise<void>;
  answer: (spec: ContainerSpec, request: ContainerRequest) => Promise<ContainerResponse>;
}

function fakeContainers(): FakeContainers {
  const fake: FakeContainers = {
    started: [],
    stopped: [],
    boot: async () => undefined,
    answer: async (spec, request) => ({
      status: 200,
      body: Buffer.from(JSON.stringify({ image: spec.image, got: Buffer.from(request.body).toString() })),
      contentType: 'application/json',
      customAttributes: request.customAttributes,
    }),
    async start(spec): Promise<Container> {
      fake.started.push(spec);
      await fake.boot(spec);
      return {
        invoke: (request) => fake.answer(spec, request),
        stop: async () => void fake.stopped.push(spec),
      };
    },
  };
  return fake;
}

/** A Lambda package with one file. */
export function zipped(source = 'exports.handler = async () => 1', name = 'index.js'): Uint8Array {
  return zipSync({ [name]: [strToU8(source), { mtime: new Date(2020, 0, 1) }] });
}
