import { localImage } from '../config/index.ts';
import { UserError } from '../domain/user-error.ts';

/** A small model server that `mlreg init --template` writes, with what it is asked. */
export interface Template {
  /** In mlreg's package. */
  readonly folder: string;
  readonly files: readonly string[];
  /** What stands behind `local://`. */
  readonly image: string;
  /** The image as the emulator takes it, in a folder. */
  readonly check: (directory: string) => string;
}

const shared = ['model/model.json', 'smoke.json', 'requests.ndjson'];
const servers: Readonly<Record<string, { readonly file: string; readonly image: string }>> = {
  python: { file: 'serve.py', image: 'python3 serve.py' },
  node: { file: 'serve.mjs', image: './serve.mjs' },
};

/** Servers that people have already, and how `local` runs them. */
export const ownServers: readonly (readonly [file: string, image: string])[] = Object.values(servers).map(
  ({ file, image }) => [file, image],
);

/** @throws UserError usage */
export function templateOf(name: string | undefined): Template | undefined {
  if (name === undefined) return undefined;
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (server === undefined) {
    throw new UserError('usage', `--template: there is no template '${name}'`, {
      why: `there are ${Object.keys(servers).join(' and ')}`,
      mend: 'mlreg init --template python',
    });
  }
  return {
    folder: `examples/templates/${name}`,
    files: [server.file, ...shared],
    image: server.image,
    check: (directory) => localImage(`local://${server.image}`, directory) ?? '',
  };
}

/** Commands in the order in which they are typed, each with why. */
export function nextSteps(given: {
  readonly template: Template | undefined;
  readonly hasServer: boolean;
}): readonly (readonly [command: string, why: string])[] {
  if (given.template !== undefined) {
    return [
      ['tar -czf v1.tar.gz -C model model.json', "pack the model's files"],
      ['mlreg local up --detach', ''],
      ['mlreg register v1 --artifact v1.tar.gz -e local', ''],
      ['mlreg deploy --model-version v1 -e local', 'the first version goes to everybody'],
      ['mlreg local traffic --for 10m', 'users, in a second terminal'],
      ['mlreg logs v1 -e local', ''],
    ];
  }
  const start: readonly (readonly [string, string])[] = [
    ['mlreg local up --detach', ''],
    ['mlreg register VERSION --artifact FILE -e local', ''],
  ];
  if (given.hasServer) return start;
  return [
    ['mlreg init --template python', 'or node; or set environments.local.sagemaker.image to your own'],
    ...start,
  ];
}
