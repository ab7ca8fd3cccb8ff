import { posix } from 'node:path';

/** A source file: its path under `src/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a use case needs, and so what a command that is not one yet needs as well. */
const ofUseCases = [
  'domain',
  'ports',
  'config',
  'strategies',
  'registry',
  'runner',
  'engine',
  'view',
  'monitor',
  'monitor/judge',
];

/**
 * Who may import whom, from the inside out. A folder is the boundary: a file may import from its own folder and from the
 * folders that are listed for it, types included. `entry` stands for the files directly under `src/`, each a program.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ['domain'],
  'monitor/judge': ['domain'],
  strategies: ['domain'],
  registry: ['domain'],
  engine: ['domain', 'registry', 'monitor/judge', 'strategies'],
  monitor: ['domain', 'ports', 'monitor/judge'],
  view: ['domain', 'engine', 'monitor/judge'],
  runner: ['domain', 'ports', 'registry', 'monitor', 'monitor/judge', 'strategies', 'engine', 'view'],
  config: ['domain', 'registry'],
  aws: ['domain', 'ports', 'store/rules'],
  'store/rules': ['domain', 'ports'],
  store: ['domain', 'ports', 'store/rules'],
  router: ['domain'],
  notify: ['domain', 'ports'],
  github: ['domain', 'ports', 'notify'],
  'local-aws': [],
  reporting: ['domain', 'runner', 'engine', 'view', 'monitor', 'monitor/judge'],
  /** Use cases: they return data, and know no terminal, no exit code and no adapter. */
  app: ofUseCases,
  host: [
    'app',
    'domain',
    'ports',
    'config',
    'aws',
    'store',
    'notify',
    'github',
    'runner',
    'local-aws',
    'reporting',
  ],
  commands: ['app', ...ofUseCases, 'reporting', 'host'],
  controller: ['app', 'domain', 'ports', 'config', 'runner', 'engine', 'host'],
  surface: ['commands', 'domain'],
  library: ['app', 'commands', 'domain', 'engine', 'host', 'view'],
  action: ['entry', 'domain', 'reporting', 'host'],
  entry: ['library', 'domain', 'commands', 'reporting', 'surface', 'host', 'controller', 'local-aws'],
};

/** No clock, no randomness, no waiting, nothing of Node's. Every file of these folders, whatever its name. */
const pure = ['domain', 'ports', 'monitor/judge', 'strategies', 'registry', 'engine', 'view'];

const effect =
  /\basync\b|\bawait\b|\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bprocess\.(?:env|exit|pid|std|on|once|argv|cwd|hrtime)|\bsetTimeout\b|\bconsole\./;

const byDepth = Object.keys(mayImport).sort((a, b) => b.length - a.length);

/** The folder whose rule holds for a file; its own first folder where there is no rule. */
export function folderOf(path: string): string {
  if (!path.includes('/')) return 'entry';
  return byDepth.find((folder) => path.startsWith(`${folder}/`)) ?? path.slice(0, path.indexOf('/'));
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

export function importsOf({ text }: SourceFile): readonly Import[] {
  const found: Import[] = [];
  for (const [, type, from] of text.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm,
  ))
    if (from !== undefined) found.push({ from, typeOnly: type !== undefined });
  for (const [, from] of text.matchAll(/\bimport\('([^']+)'\)/g))
    if (from !== undefined) found.push({ from, typeOnly: false });
  return found;
}

/** Comments don't run. */
export const codeOf = ({ text }: SourceFile): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');

const targetOf = (file: SourceFile, from: string): string =>
  posix.normalize(posix.join(posix.dirname(file.path), from));

/** Folders without a rule. */
export const unruled = (files: readonly SourceFile[]): readonly string[] =>
  [...new Set(files.map(({ path }) => folderOf(path)))].filter((folder) => mayImport[folder] === undefined);

/** Imports that run from the inside out. */
export const wrongImports = (files: readonly SourceFile[]): readonly string[] =>
  files.flatMap((file) => {
    const own = folderOf(file.path);
    return importsOf(file)
      .filter(({ from }) => from.startsWith('.'))
      .flatMap(({ from }) => {
        const target = folderOf(targetOf(file, from));
        const isAllowed = target === own || (mayImport[own] ?? []).includes(target);
        return isAllowed ? [] : [`${file.path} -> ${from} (${own} may not import ${target})`];
      });
  });

/** A digest is a pure function of its input; nothing else of `node:crypto` is. */
const isHash = (file: SourceFile, from: string): boolean =>
  from === 'node:crypto' && /^import \{ hash \} from 'node:crypto';$/m.test(file.text);

/** Effects, and packages, in folders that are pure. */
export const impurities = (files: readonly SourceFile[]): readonly string[] =>
  files
    .filter(({ path }) => pure.includes(folderOf(path)))
    .flatMap((file) => {
      const outside = importsOf(file)
        .filter(({ from }) => !from.startsWith('.') && !isHash(file, from))
        .map(({ from }) => `${file.path} imports ${from}`);
      const found = effect.exec(codeOf(file));
      return found === null ? outside : [...outside, `${file.path} has an effect: ${found[0]}`];
    });

/** Circles of imports, each once. `types`: of imports of types as well. */
export function circles(
  files: readonly SourceFile[],
  { types }: { readonly types: boolean },
): readonly string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ from, typeOnly }) => from.startsWith('.') && (types || !typeOnly))
        .map(({ from }) => targetOf(file, from)),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) return void found.push([...way.slice(way.indexOf(path)), path].join(' -> '));
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}
