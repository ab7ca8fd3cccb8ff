import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import { table } from './machine.ts';
import { pause, ended } from './stack.ts';
import { type Project, requestsOf, startProject } from './project.ts';

const rate = 60;

/**
 * Environments that users had to wait for, by local AWS's own counters: those that were ever started for a Lambda version or
 * an endpoint, less those that a warm-up started. What keeps a champion's endpoint warm stands in no journal and would count
 * as felt, so it is switched off.
 */
export async function coldStarts(root: string): Promise<string> {
  const project = await startProject(root, {
    strategies: {
      canary: { steps: [10, 50], bake: '8s', tick: '1s', extend: '1s', onInconclusive: 'promote' },
    },
    sagemaker: { keepWarm: 'off' },
    settle: '1s',
    guardrails: { meanLatency: 'off', endpointErrorsPerMinute: 'off', throttleRate: 'off' },
    judge: { warmUp: '0s', minimumBake: '2s', minimumTicks: 2, alpha: 0.00001, history: '0s' },
  });
  const over = new AbortController();
  const requests = requestsOf(root);
  const load = generateLoad({
    url: project.gatewayUrl,
    path: '/recommend',
    rate,
    signal: over.signal,
    body: (index) => ({
      body: JSON.stringify({
        ...JSON.parse(requests[index % requests.length] ?? '{}'),
        userId: `bench-${index}`,
      }),
    }),
  });
  try {
    await pause(5_000);
    const rows: string[][] = [];
    for (const version of ['v2.3.0', 'v2.4.0']) rows.push(...(await felt(project, version)));
    return [
      `Cold starts under ${rate} requests a second, a promoted canary and one that is rolled back:`,
      '',
      table(
        ['version', 'environments of', 'started', 'by warm-ups', 'felt by callers', 'least possible'],
        rows,
      ),
    ].join('\n');
  } finally {
    over.abort();
    await load.catch(() => undefined);
    await project.end();
  }
}

interface Started {
  /** By version of the inference function. */
  readonly functions: ReadonlyMap<string, number>;
  /** By name. */
  readonly endpoints: ReadonlyMap<string, number>;
}

/** Environments ever started. */
function startedIn(project: Project): Started {
  const { functions, endpoints } = JSON.parse(project.run('local', 'status', '-o', 'json'));
  const inference = (functions as any[]).filter(({ functionName }) => /-inference-/.test(functionName));
  return {
    functions: new Map(inference.map((row) => [String(row.version), Number(row.coldStarts)])),
    endpoints: new Map(
      (endpoints as any[]).map((row) => [String(row.endpointName), Number(row.coldStarts ?? 0)]),
    ),
  };
}

async function felt(project: Project, version: string): Promise<string[][]> {
  const before = startedIn(project);
  const deploying = project.start('deploy', '--model-version', version, '--timeout', '90s');
  let moved = before;
  deploying.stderr?.on('data', (text: Buffer) => {
    // A model server that starts takes the machine's cores: what the champion needs then is none of the rollout's.
    if (moved === before && text.toString().includes('kind=route')) moved = startedIn(project);
  });
  const code = await new Promise((resolve) => deploying.once('exit', resolve));
  await ended(deploying);
  if (code !== 0 && code !== 3) throw new Error(`deploy of ${version}: exit code ${String(code)}`);
  await pause(2_000);
  const after = startedIn(project);
  const [{ rollout }] = JSON.parse(project.run('history', '--limit', '1', '-o', 'json')).rollouts;
  const { published, warmed, endpoints } = outcomesOf(
    JSON.parse(project.run('show', rollout, '-o', 'json')).entries,
  );
  const since = ({ functions }: Started, functionVersion: string): number =>
    (after.functions.get(functionVersion) ?? 0) - (functions.get(functionVersion) ?? 0);
  const routes = [...published].map(([functionVersion, name]) => {
    const started = since(before, functionVersion);
    const byUs = Math.min(started, warmed.get(functionVersion) ?? 0);
    return [version, `the function, ${name}`, String(started), String(byUs), String(started - byUs), '0'];
  });
  const ofEndpoints = [...after.endpoints].map(([name, count]) => {
    const isNew = endpoints.has(name);
    const started = count - ((isNew ? before : moved).endpoints.get(name) ?? 0);
    const byUs = Math.min(started, endpoints.get(name) ?? 0);
    const which = isNew ? "the challenger's endpoint" : `endpoint ${name}`;
    return [version, which, String(started), String(byUs), String(started - byUs), '0'];
  });
  const [champion] = [...before.functions.keys()].filter((key) => !published.has(key)).slice(-1);
  const again = since(moved, champion ?? '');
  const name = code === 3 ? 'the function, back at the champion' : 'the function, the champion beside it';
  return [...routes, [version, name, String(again), '0', String(again), '0'], ...ofEndpoints];
}

interface Outcomes {
  /** What each Lambda version serves. */
  readonly published: ReadonlyMap<string, string>;
  /** Environments started before anybody was moved there. */
  readonly warmed: ReadonlyMap<string, number>;
  /** Warming requests sent, by endpoint. */
  readonly endpoints: ReadonlyMap<string, number>;
}

function outcomesOf(entries: readonly any[]): Outcomes {
  const effects = new Map(
    entries.filter(({ kind }) => kind === 'intent').map(({ seq, effect }) => [seq, effect]),
  );
  const [published, warmed, byRoute, endpoints] = [
    new Map<string, string>(),
    new Map<string, number>(),
    new Map<string, string>(),
    new Map<string, number>(),
  ];
  for (const { kind, intent, outcome } of entries) {
    if (kind !== 'result') continue;
    const { route } = effects.get(intent);
    const key = JSON.stringify(route);
    if (outcome.kind === 'published') {
      byRoute.set(key, outcome.functionVersion);
      published.set(outcome.functionVersion, nameOf(route));
    }
    const functionVersion = byRoute.get(key) ?? '';
    if (outcome.kind === 'warmed')
      warmed.set(functionVersion, (warmed.get(functionVersion) ?? 0) + outcome.environments);
    for (const { endpoint, requests } of outcome.endpoints ?? [])
      endpoints.set(endpoint, (endpoints.get(endpoint) ?? 0) + requests);
  }
  return { published, warmed, endpoints };
}

const nameOf = (route: any): string => (route.kind === 'split' ? `${route.percent} %` : 'everybody');
