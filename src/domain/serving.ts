/** How an endpoint serves an artifact. Provisioned concurrency is no part of it: it changes no answer. */
export interface ServingSettings {
  readonly image: string;
  /** The models' role, an ARN. */
  readonly roleArn: string;
  readonly memoryMb: number;
  readonly maxConcurrency: number;
  /** Names of the container's variables, in order. Their values may be secrets, and are kept nowhere. */
  readonly variables: readonly string[];
}

/** In what two of these differ that may be told: one sentence each, the configured value first. Variables by name. */
export function settingDifferences(configured: ServingSettings, serving: ServingSettings): readonly string[] {
  const pairs: readonly (readonly [string, string, string])[] = [
    ['image', configured.image, serving.image],
    ['role', configured.roleArn, serving.roleArn],
    ['memory', megabytes(configured.memoryMb), megabytes(serving.memoryMb)],
    ['maximum concurrency', String(configured.maxConcurrency), String(serving.maxConcurrency)],
  ];
  const names = [...new Set([...configured.variables, ...serving.variables])].sort();
  return [
    // A project that only looks may name no image.
    ...pairs.flatMap(([name, here, there]) =>
      here === there || here === '' ? [] : [`${name} (${here} configured, ${there} serving)`],
    ),
    ...names.flatMap((name) => {
      if (!serving.variables.includes(name)) return [`variable ${name} (configured, not serving)`];
      return configured.variables.includes(name) ? [] : [`variable ${name} (serving, not configured)`];
    }),
  ];
}

const megabytes = (mb: number): string => `${mb.toLocaleString('en-US')} MB`;
