import { generateLoad } from '../src/local-aws/data-plane/load.ts';
import { table } from './machine.ts';
import { pause, ended } from './stack.ts';
import { startProject } from './project.ts';

const rate = 60;

/**
 * Environments that users had to wait for, by local AWS's own counters: those that were ever started for a Lambda version,
 * less those that a warm-up started.
 */
export async function coldStarts(root: string): Promise<string> {
  const project = await startProject(root, {
    strategies: { canary: { steps: [10, 50], bake: '8s', tick: '1s', extend: '60s' } },
    settle: '1s',
    guardrails: { meanLatency: 'off' },
    judge: { warmUp: '0s', minimumBake: '2s', minimumTicks: 2, alphaPromote: '20%', history: '0s' },
  });
  const over = new AbortController();
  let users = 0;
  const load = generateLoad({
    url: project.gatewayUrl,
    path: '/recommend',
    rate,
    signal: over.signal,
    body: () => ({
      body: JSON.stringify({
        userId: `bench-${++users}`,
        distance: 500,
        delay: 0,
        time: 10,
        origin: 'ATL',
        destination: 'ORD',
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
        ['version', 'Lambda version serves', 'started', 'by warm-ups', 'felt by callers', 'least possible'],
        rows,
      ),
    ].join('\n');
  } finally {
    over.abort();
    await load.catch(() => undefined);
    await project.end();
  }
}

async function felt(project: Awaited<ReturnType<typeof startProject>>, version: string): Promise<string[][]> {
  const counts = (): Map<string, number> =>
    new Map(
      (JSON.parse(project.run('local', 'status', '-o', 'json')).functions as any[])
        .filter(({ functionName }) => /-inference-/.test(functionName))
        .map((row) => [String(row.version), Number(row.coldStarts)]),
    );
  const before = counts();
  const deploying = project.start('deploy', '--model-version', version);
  await new Promise((resolve) => deploying.once('exit', resolve));
  await ended(deploying);
  await pause(2_000);
  const after = counts();
  const [{ rollout }] = JSON.parse(project.run('history', '--limit', '1', '-o', 'json')).rollouts;
  const { entries } = JSON.parse(project.run('show', rollout, '-o', 'json'));
  const effects = new Map<number, any>(
    entries.filter((entry: any) => entry.kind === 'intent').map((entry: any) => [entry.seq, entry.effect]),
  );
  const published = new Map<string, string>();
  const warmed = new Map<string, number>();
  for (const { kind, intent, outcome } of entries) {
    if (kind !== 'result') continue;
    const { route } = effects.get(intent);
    const key = JSON.stringify(route);
    if (outcome.kind === 'published') published.set(key, outcome.functionVersion);
    if (outcome.kind !== 'warmed') continue;
    const functionVersion = published.get(key) ?? '';
    warmed.set(functionVersion, (warmed.get(functionVersion) ?? 0) + outcome.environments);
  }
  const names = new Map(
    [...published].map(([key, functionVersion]) => [functionVersion, nameOf(JSON.parse(key))]),
  );
  return [...after]
    .map(([functionVersion, total]) => [functionVersion, total - (before.get(functionVersion) ?? 0)] as const)
    .filter(([functionVersion, started]) => started > 0 || names.has(functionVersion))
    .map(([functionVersion, started]) => {
      const byUs = Math.min(started, warmed.get(functionVersion) ?? 0);
      const name = names.get(functionVersion) ?? 'the champion, again';
      return [
        version,
        `${functionVersion}: ${name}`,
        String(started),
        String(byUs),
        String(started - byUs),
        '0',
      ];
    });
}

const nameOf = (route: any): string =>
  route.kind === 'split' ? `${route.challenger} ${route.percent} %` : `${route.version} everybody`;
