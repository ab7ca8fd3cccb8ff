import type { Container, ContainerRuntime } from '../../seams.ts';
import type { Account } from '../account.ts';
import { createEnvironments, type EndpointCounts, type Environments } from './environments.ts';
import type { Deployment, Endpoint, SageMakerState } from './sagemaker-state.ts';

/**
 * Runs the endpoints' containers and moves the endpoints through their states:
 * Creating -> InService or Failed, Updating -> InService (on the old deployment where the new one did not come up,
 * and then without a word, as SageMaker does), Deleting -> gone.
 */
export interface Hosting {
  /** Starts what a Creating or Updating endpoint is to run. */
  start(endpoint: Endpoint): void;
  remove(endpoint: Endpoint): void;
  /** Applies what is due by now. To be called before an endpoint is looked at. */
  settle(endpoint: Endpoint): void;
  /** The running container and the environments before it; undefined while a dead one is being replaced. */
  container(endpoint: Endpoint): Hosted | undefined;
  /** The container no longer answers: starts another in its place. */
  died(endpoint: Endpoint, container: Container): void;
  /** The environments of each endpoint that has some, by the endpoint's name. */
  counts(): ReadonlyMap<string, EndpointCounts>;
  /** After a restart of local AWS: starts all there is. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface Hosted {
  readonly container: Container;
  readonly environments: Environments;
}

type Outcome =
  | { readonly kind: 'up'; readonly hosted: Hosted }
  | { readonly kind: 'down'; readonly reason: string };

interface Running {
  hosted: Hosted | undefined;
  /** The start under way and how it ended. */
  starting: { outcome: Outcome | undefined } | undefined;
  replacing: boolean;
}

export function createHosting(
  account: Account,
  state: SageMakerState,
  containers: ContainerRuntime,
): Hosting {
  const running = new Map<Endpoint, Running>();
  let stopped = false;

  const runningOf = (endpoint: Endpoint): Running => {
    let found = running.get(endpoint);
    if (found === undefined)
      running.set(endpoint, (found = { hosted: undefined, starting: undefined, replacing: false }));
    return found;
  };
  const boot = async ({ container, serverless }: Deployment): Promise<Outcome> => {
    const { clock, settings } = account;
    const begun = clock.now();
    try {
      const up = await containers.start(container);
      const startedInMs = up.startMs ?? clock.now() - begun;
      const environments = createEnvironments({
        clock,
        coldStartMs: () => startedInMs + settings.endpointColdStartMs,
        idleMs: () => settings.endpointIdleMs,
        provisioned: serverless.ProvisionedConcurrency ?? 0,
      });
      if (!stopped) return { kind: 'up', hosted: { container: up, environments } };
      await up.stop();
      return { kind: 'down', reason: 'local AWS is stopping' };
    } catch (error) {
      return { kind: 'down', reason: error instanceof Error ? error.message : String(error) };
    }
  };
  const isCurrent = (endpoint: Endpoint) => state.endpoints.get(endpoint.name.toLowerCase()) === endpoint;
  const settleAt = (endpoint: Endpoint) => {
    if (account.clock.now() >= endpoint.until) settle(endpoint);
    else account.clock.at(endpoint.until, () => settle(endpoint));
  };

  const settle = (endpoint: Endpoint): void => {
    const now = account.clock.now();
    if (stopped || now < endpoint.until || !isCurrent(endpoint)) return;
    if (endpoint.status === 'Deleting') {
      state.endpoints.delete(endpoint.name.toLowerCase());
      account.changed();
      return;
    }
    const live = runningOf(endpoint);
    const outcome = live.starting?.outcome;
    if (outcome === undefined) return;
    live.starting = undefined;
    const before = live.hosted;
    if (outcome.kind === 'up') {
      live.hosted = outcome.hosted;
      if (before !== undefined) quietly(before.container.stop());
    }
    if (endpoint.status === 'Creating') {
      endpoint.status = outcome.kind === 'up' ? 'InService' : 'Failed';
      endpoint.failureReason = outcome.kind === 'up' ? undefined : outcome.reason;
    } else {
      if (outcome.kind === 'up' && endpoint.next !== undefined) endpoint.deployment = endpoint.next;
      endpoint.next = undefined;
      endpoint.status = 'InService';
    }
    endpoint.lastModifiedAt = now;
    account.changed();
  };

  const start = async (endpoint: Endpoint): Promise<void> => {
    const starting: NonNullable<Running['starting']> = { outcome: undefined };
    runningOf(endpoint).starting = starting;
    starting.outcome = await boot(endpoint.next ?? endpoint.deployment);
    settleAt(endpoint);
  };

  const replace = async (endpoint: Endpoint): Promise<void> => {
    const live = runningOf(endpoint);
    if (live.replacing || stopped) return;
    live.replacing = true;
    const { deployment } = endpoint;
    const outcome = await boot(deployment);
    live.replacing = false;
    if (outcome.kind === 'down') return;
    // An update or a deletion may have overtaken it.
    const wanted =
      isCurrent(endpoint) && endpoint.status !== 'Deleting' && endpoint.deployment === deployment;
    if (wanted && live.hosted === undefined) live.hosted = outcome.hosted;
    else quietly(outcome.hosted.container.stop());
  };

  return {
    settle,
    start: (endpoint) => void start(endpoint),
    remove(endpoint) {
      const live = runningOf(endpoint);
      if (live.hosted !== undefined) quietly(live.hosted.container.stop());
      running.delete(endpoint);
      account.clock.at(endpoint.until, () => settle(endpoint));
    },
    container(endpoint) {
      const { hosted } = runningOf(endpoint);
      if (hosted === undefined) void replace(endpoint);
      return hosted;
    },
    counts: () =>
      new Map(
        [...running].flatMap(([{ name }, { hosted }]) =>
          hosted === undefined ? [] : [[name, hosted.environments.counts()]],
        ),
      ),
    died(endpoint, container) {
      const live = runningOf(endpoint);
      if (live.hosted?.container !== container) return;
      live.hosted = undefined;
      quietly(container.stop());
      void replace(endpoint);
    },
    async resume() {
      const all = [...state.endpoints.values()];
      await Promise.all(
        all.map(async (endpoint) => {
          if (endpoint.status === 'Deleting') settleAt(endpoint);
          // An endpoint in an update keeps answering from what it had.
          if (endpoint.status === 'InService' || endpoint.status === 'Updating') await replace(endpoint);
          if (endpoint.status === 'Creating' || endpoint.status === 'Updating') void start(endpoint);
        }),
      );
    },
    async stop() {
      stopped = true;
      const all = [...running.values()];
      running.clear();
      const containers = all.flatMap(({ hosted, starting }) => [
        hosted?.container,
        starting?.outcome?.kind === 'up' ? starting.outcome.hosted.container : undefined,
      ]);
      await Promise.all(containers.map(async (container) => container?.stop()));
    },
  };
}

/** A container that won't stop must not fail the request that replaced it: its runtime ends it in the end. */
function quietly(promise: Promise<void>): void {
  promise.catch(() => undefined);
}
