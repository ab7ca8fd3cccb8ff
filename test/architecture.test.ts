import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/**
 * Who may know whom, from the inside out. A file may import from its own folder and from the folders listed for it.
 */
const mayKnow: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ['domain'],
  'monitor/judge': ['domain'],
  strategies: ['domain'],
  registry: ['domain'],
  'rollout-pure': ['domain', 'registry', 'monitor/judge', 'strategies'],
  monitor: ['domain', 'ports', 'monitor/judge'],
  rollout: ['domain', 'ports', 'registry', 'monitor', 'monitor/judge', 'strategies', 'rollout-pure'],
  config: ['domain', 'registry'],
  aws: ['domain', 'ports', 'store-rules'],
  'store-rules': ['domain', 'ports'],
  store: ['domain', 'ports', 'store-rules'],
  router: ['domain'],
  notify: ['domain', 'ports'],
  'local-aws': [],
  reporting: ['domain', 'rollout', 'rollout-pure', 'monitor', 'monitor/judge'],
  world: ['domain', 'ports', 'config', 'aws', 'store', 'notify', 'rollout', 'local-aws', 'reporting'],
  commands: [
    'domain',
    'ports',
    'config',
    'strategies',
    'registry',
    'rollout',
    'rollout-pure',
    'monitor',
    'monitor/judge',
    'reporting',
    'world',
  ],
  controller: ['domain', 'ports', 'config', 'rollout', 'rollout-pure', 'world'],
  surface: ['commands', 'domain'],
  cli: ['domain', 'commands', 'reporting', 'surface', 'world'],
  action: ['cli', 'domain', 'reporting', 'world'],
  entry: ['cli', 'controller', 'world', 'local-aws'],
};

/** The innermost rings: no clock, no randomness, no waiting, nothing of Node's. */
const pure = ['domain', 'ports', 'monitor/judge', 'strategies', 'registry', 'rollout-pure'];
const pureRolloutFiles = [
  'replay.ts',
  'after-request.ts',
  'accepted-breach.ts',
  'clock-set-back.ts',
  'decide-breach.ts',
  'foreign-edit.ts',
  'held-for-breach.ts',
  'after-effect.ts',
  'decide.ts',
  'decide-bake.ts',
  'decide-fence.ts',
  'decide-return.ts',
  'decide-warm.ts',
  'warmth.ts',
  'suffering.ts',
  'decide-rollback.ts',
  'decide-shadow.ts',
  'after-effect.ts',
  'report.ts',
  'decision.ts',
  'state.ts',
  'target.ts',
  'marker.ts',
  'admit.ts',
  'approvals.ts',
  'variables.ts',
  'notices.ts',
];

/** What a store is, whatever it is kept in. */
const storeRuleFiles = ['chain.ts', 'fold.ts', 'record.ts', 'store-over-log.ts', 'turns.ts'];

function folderOf(file: string): string {
  const path = relative(src, file).replaceAll('\\', '/');
  if (path === 'cli.ts') return 'cli';
  if (
    [
      'world.ts',
      'connect.ts',
      'audit-store.ts',
      'recover-store.ts',
      'smoke-requests.ts',
      'page-server.ts',
      'local-host.ts',
      'local-world.ts',
      'local-controller.ts',
      'machine.ts',
    ].includes(path)
  )
    return 'world';
  if (!path.includes('/')) return 'entry';
  if (path.startsWith('monitor/judge/')) return 'monitor/judge';
  if (path.startsWith('rollout/') && pureRolloutFiles.includes(path.slice('rollout/'.length)))
    return 'rollout-pure';
  if (path.startsWith('store/') && storeRuleFiles.includes(path.slice('store/'.length))) return 'store-rules';
  return path.slice(0, path.indexOf('/'));
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(src, name));

function importsOf(file: string): readonly { readonly from: string; readonly typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  const found: { from: string; typeOnly: boolean }[] = [];
  for (const [, type, from] of text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm,
  )) {
    if (from !== undefined) found.push({ from, typeOnly: type !== undefined });
  }
  for (const [, from] of text.matchAll(/\bimport\('([^']+)'\)/g)) {
    if (from !== undefined) found.push({ from, typeOnly: false });
  }
  return found;
}

/** A digest is a pure function of its input; nothing else of `node:crypto` is. */
const onlyHashes = (file: string): boolean =>
  /^import \{ hash \} from 'node:crypto';$/m.test(readFileSync(file, 'utf8'));

/** Comments and strings don't run. */
function codeOf(file: string): string {
  return readFileSync(file, 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '');
}

describe('the house', () => {
  it('has a rule for every folder', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => mayKnow[folder] === undefined)).toEqual([]);
  });

  it('has no arrow that runs back up', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ from }) => from.startsWith('.'))
        .flatMap(({ from }) => {
          const target = folderOf(resolve(dirname(file), from));
          const own = folderOf(file);
          const allowed = target === own || (mayKnow[own] ?? []).includes(target);
          return allowed ? [] : [`${relative(src, file)} -> ${from} (${own} may not know ${target})`];
        }),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps its inside pure', () => {
    const wrong = files
      .filter((file) => pure.includes(folderOf(file)))
      .flatMap((file) => {
        const outside = importsOf(file)
          .filter(({ from }) => !from.startsWith('.') && !(from === 'node:crypto' && onlyHashes(file)))
          .map(({ from }) => `${relative(src, file)} imports ${from}`);
        const code = codeOf(file);
        const effects =
          /\basync\b|\bawait\b|\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bprocess\.(?:env|exit|pid|std|on|once|argv|cwd|hrtime)|\bsetTimeout\b|\bconsole\./.exec(
            code,
          );
        return effects === null
          ? outside
          : [...outside, `${relative(src, file)} has an effect: ${effects[0]}`];
      });
    expect(wrong).toEqual([]);
  });

  it('imports the AWS SDK in adapters and nowhere else', () => {
    const wrong = files
      .filter((file) => !['aws', 'router'].includes(folderOf(file)))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ from }) => from.startsWith('@aws-sdk/'))
          .map(({ from }) => `${relative(src, file)} -> ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it('starts programs without a shell', () => {
    const wrong = files
      .filter((file) => importsOf(file).some(({ from }) => from === 'node:child_process'))
      .filter((file) =>
        /\bshell\s*:|\b(?:exec|execSync)\s*[,(}]/.test(codeOf(file).replaceAll(/\.exec\(/g, '')),
      );
    expect(wrong.map((file) => relative(src, file))).toEqual([]);
  });

  it('keeps every import within its folder free of circles', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
          .map(({ from }) => resolve(dirname(file), from)),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push(
          [...path.slice(path.indexOf(file)), file].map((name) => relative(src, name)).join(' -> '),
        );
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) walk(file, []);
    expect(circles).toEqual([]);
  });

  it('keeps files small enough to read in one go', () => {
    // A ratchet: these are longer than the habit of 300 lines, and may only shrink.
    const known: Readonly<Record<string, number>> = { 'local-aws/daemon.ts': 320 };
    const wrong = files.flatMap((file) => {
      const name = relative(src, file).replaceAll('\\', '/');
      const lines = readFileSync(file, 'utf8').split('\n').length;
      return lines > (known[name] ?? 300) ? [`${name} has ${lines} lines`] : [];
    });
    expect(wrong).toEqual([]);
  });
});
