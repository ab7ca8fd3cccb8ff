import { createMetrics } from '../../../src/aws/cloudwatch-metrics.ts';
import { createPlatform } from '../../../src/aws/platform.ts';
import type { AliasTarget } from '../../../src/domain/route.ts';
import { createMetricStore } from '../../../src/local-aws/core/cloudwatch/metric-store.ts';
import {
  createLocalAws,
  type WireRequest,
  type WireResponse,
} from '../../../src/local-aws/core/local-aws.ts';
import { inProcess } from '../../support/in-process.ts';
import type { Platform } from '../../../src/ports/platform.ts';
import { zipped } from '../../unit/local-aws/core/bench.ts';
import { staleMs } from '../aws-model.ts';
import { draw } from '../dice.ts';
import type { BuildLevel, Design, Truth } from '../level.ts';
import type { Process } from '../scheduler.ts';
import { epoch } from '../versions.ts';
import { account, api, functionName, serving } from './account.ts';
import { machineTimes, takeTime } from './machine-time.ts';
import { dynamoKeeping, embeddedKeeping, type TableRequest } from './keeping.ts';
import { refused } from './refusals.ts';
import { callOf, operationOf, ownRequest } from './requests.ts';
import { containersOf, functions } from './runtimes.ts';
import { credentials, sharedClients } from './shared-clients.ts';
import { createTraffic } from './traffic.ts';
import { truthOf } from './truth.ts';

const { sessionToken } = credentials;
const aliasPath = `/2015-03-31/functions/${functionName}/aliases/live`;

/** mlreg with its adapters and the AWS SDK's clients, over local AWS in this process: each HTTP request is one call. */
export const awsLevel: BuildLevel = async (stage) => {
  const { story, behaviour, design, scheduler, caller, now, onWrite, onSwap, onDelete, onDeleteVersion } =
    stage;
  const initial = await account(story.first === true);
  const metrics = createMetricStore();
  let ids = 0;
  const { truth, publications, changed } = truthOf(() => local);
  const local = createLocalAws({
    initial,
    changed,
    metrics,
    clock: {
      now,
      at(at, run) {
        let isDue = true;
        scheduler.at(at - epoch, () => isDue && run());
        return () => (isDue = false);
      },
    },
    ids: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`,
    random: () => draw(story.seed, 97, ++ids) / 2 ** 32,
    functions,
    containers: containersOf(story),
    settings: {
      sessionToken,
      datesAnswers: true,
      endpointCreatingMs: story.endpointFate.afterMs,
      // A cold start would be time in the middle of a call's effect, which calls do not have here.
      ...(story.cold === undefined ? {} : { endpointIdleMs: story.cold.idleMs }),
    },
  });
  await local.resume();
  const traffic = createTraffic({ metrics, now, story, behaviour, variables: truth.variables });
  const moved = (): void => traffic.moved(usersOf(truth));
  moved();
  const keeping = draw(story.seed, 99) % 3 === 0 ? dynamoKeeping(stage) : embeddedKeeping(stage);

  /** How an alias or the stage was before its newest write, for whoever is told so late. By path. */
  const before = new Map<string, { readonly until: number; readonly answer: WireResponse }>();
  const remember = async ({ path }: WireRequest): Promise<void> => {
    const answer = await local.handle(ownRequest('GET', path, sessionToken));
    before.set(path, { until: now() + staleMs, answer });
  };

  async function effect(request: WireRequest, operation: string): Promise<WireResponse> {
    switch (operation) {
      case 'GetMetricData':
        traffic.flow();
        return local.handle(request);
      case 'UpdateAlias': {
        const name = request.path.endsWith('/green') ? 'green' : 'live';
        const was = truth.alias(name);
        await remember(request);
        const answer = await local.handle(request);
        if (answer.status !== 200) return Object.assign(answer, { kind: 'precondition' });
        const { target, stamp } = truth.alias(name);
        moved();
        if (stamp !== undefined) onWrite({ target, stamp }, was, name);
        return Object.assign(answer, { kind: 'written' });
      }
      case 'UpdateStage': {
        const was = truth.stage();
        await remember(request);
        const answer = await local.handle(request);
        const { alias, stamp } = truth.stage();
        moved();
        if (answer.status === 200 && stamp !== undefined)
          onSwap({ alias: alias ?? '', stamp, deployment: 'keep' }, was);
        return answer;
      }
      case 'DeleteEndpoint': {
        const answer = await local.handle(request);
        const { EndpointName } = JSON.parse(new TextDecoder().decode(request.body)) as Named;
        if (answer.status === 200) onDelete(EndpointName);
        return answer;
      }
      case 'DeleteFunction': {
        const answer = await local.handle(request);
        const functionVersion = request.query['Qualifier'];
        if (typeof functionVersion !== 'string') throw new Error('the whole function was deleted');
        moved();
        if (answer.status === 204) onDeleteVersion(functionVersion);
        return answer;
      }
      default:
        return local.handle(request);
    }
  }

  /** A read as from before: alias or stage as they were, a version or an endpoint that isn't there yet. */
  async function stale(request: WireRequest, operation: string): Promise<WireResponse> {
    switch (operation) {
      case 'GetAlias':
      case 'GetStage': {
        const was = before.get(request.path);
        if (was === undefined || now() >= was.until) return local.handle(request);
        // What it says is of an earlier time, and when it says so is not.
        return { ...was.answer, headers: { ...was.answer.headers, date: new Date(now()).toUTCString() } };
      }
      case 'GetVersion':
        return local.handle({ ...request, query: { Qualifier: '999' } });
      case 'DescribeEndpoint':
        return local.handle({ ...request, body: Buffer.from('{"EndpointName":"not-yet"}') });
      default:
        return local.handle(request);
    }
  }

  function handlerOf(process: Process) {
    const toAws = inProcess({
      handle(meant) {
        const operation = operationOf(meant);
        const request = design?.request === undefined ? meant : sentInstead(design.request, operation, meant);
        const luck = draw(story.seed, 96, process.index, process.calls);
        return caller.call(process, callOf(operation), () => effect(request, operation), {
          stale: () => stale(request, operation),
          refuse: (kind) => refused(local, request, kind, luck),
        });
      },
    });
    type Request = Parameters<typeof toAws.handle>[0];
    return {
      ...toAws,
      handle: async (request: Request, options: Parameters<typeof toAws.handle>[1]) =>
        request.headers['x-amz-target']?.startsWith('DynamoDB_') === true
          ? { response: await keeping.handle(process, request as TableRequest) }
          : toAws.handle(request, options),
    };
  }

  const timeOf = machineTimes(scheduler, now);
  const handlers = new WeakMap<Process, ReturnType<typeof handlerOf>>();
  const good = sharedClients({
    timeOf,
    current() {
      const process = scheduler.current();
      if (process === null) throw new Error('nobody asks');
      return process;
    },
    handlerOf(process) {
      const known = handlers.get(process) ?? handlerOf(process);
      handlers.set(process, known);
      return known;
    },
  });

  const clients = design?.clients?.(good) ?? good;

  /** Somebody's own, of $LATEST. */
  function update(what: 'code' | 'configuration', body: object): void {
    const path = `/2015-03-31/functions/${functionName}/${what}`;
    const push = async (): Promise<void> => {
      const { status } = await local.handle(ownRequest('PUT', path, sessionToken, body));
      moved();
      // An update of its configuration is under way.
      if (status === 409)
        scheduler.at(scheduler.now() + 500, () => scheduler.settle(push(), () => undefined));
    };
    scheduler.settle(push(), () => undefined);
  }

  return {
    aws: truth,
    store: keeping.store,
    registry: keeping.registry,
    publications,
    ...(keeping.copyStore === undefined ? {} : { copyStore: keeping.copyStore }),
    ...(keeping.loseStore === undefined ? {} : { loseStore: keeping.loseStore }),
    ...(keeping.keepStore === undefined ? {} : { keepStore: keeping.keepStore }),
    ...(keeping.importStore === undefined ? {} : { importStore: keeping.importStore }),
    audit: keeping.audit,
    timeOf,
    end: takeTime(scheduler, story.seed),
    meddle(target) {
      const weights = { AdditionalVersionWeights: target.weights };
      const body = { FunctionVersion: target.functionVersion, RoutingConfig: weights };
      const write = async (): Promise<void> => {
        const request = ownRequest('PUT', aliasPath, sessionToken, body);
        await remember(request);
        await local.handle(request);
        moved();
      };
      scheduler.settle(write(), () => undefined);
    },
    async wipe() {
      const request = ownRequest('PUT', aliasPath, sessionToken, { Description: '' });
      await remember(request);
      await local.handle(request);
    },
    pushCode: () =>
      update('code', { ZipFile: Buffer.from(zipped(`exports.handler = ${++ids}`)).toString('base64') }),
    changeLatest: () => update('configuration', { Timeout: 10 + (++ids % 800) }),
    connect(process, clock, { memoryMb }) {
      const platform = createPlatform({
        clients,
        clock,
        functionName,
        api,
        smokeRequests: [{ body: '{}' }],
        sagemaker: { ...serving, memoryMb },
        tags: { 'mlreg:environment': 'local' },
      });
      const read = createMetrics({
        clients,
        environment: 'local',
        model: 'recommendation',
        routing: story.manner.routing,
        functionName,
        alias: 'live',
        now: () => clock.now(),
        resolution: { routerMs: 1_000, awsMs: 1_000 },
      });
      const store = keeping.open(process, clients, clock);
      return {
        platform: design?.platform?.(platform, overwriting(platform)) ?? platform,
        store: design?.store?.(store) ?? store,
        metrics: {
          // What was read may be spoilt.
          read: async (query) => {
            const reading = await read.read(query);
            return caller.call(process, 'metrics.read', () => reading);
          },
        },
        comparisons: {
          differences: () => caller.call(process, 'differences', () => ({ found: [], complete: true })),
        },
      };
    },
  };
};

/** Without a RevisionId AWS asks no questions. */
const overwriting =
  (platform: Platform): Platform['writeAlias'] =>
  (alias, wanted) =>
    platform.writeAlias(alias, { ...wanted, revisionId: undefined as unknown as string });

function sentInstead(
  change: NonNullable<Design['request']>,
  operation: string,
  request: WireRequest,
): WireRequest {
  const text = new TextDecoder().decode(request.body);
  if (!text.startsWith('{')) return request;
  const body = Buffer.from(JSON.stringify(change(operation, JSON.parse(text) as object)));
  return { ...request, body };
}

interface Named {
  readonly EndpointName: string;
}

/** The stage names the alias. */
const usersOf = (truth: Required<Truth>): AliasTarget =>
  truth.alias(truth.stage().alias === 'green' ? 'green' : 'live').target;
