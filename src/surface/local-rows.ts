import type { CommandRow } from './row.ts';

const withoutEffect = {
  environment: 'it always means the environment local',
  region: 'the local AWS emulator has one Region',
  profile: 'the local AWS emulator asks for no credentials of yours',
};

/** AWS on this machine. */
export const localRows: readonly CommandRow[] = [
  {
    name: 'local up',
    summary: 'start the local AWS emulator',
    withoutEffect,
    options: [
      ['--detach', 'run in the background'],
      ['--control-port <port>', 'port of the AWS API', '4566'],
      ['--gateway-port <port>', 'port for requests of users', '8080'],
      ['--no-controller', 'start no rollout controller beside it'],
    ],
    examples: ['mlreg local up', 'mlreg local up --detach --gateway-port 9090'],
    load: async () => (await import('../commands/local.ts')).up,
  },
  {
    name: 'local down',
    summary: 'stop the local AWS emulator; keep its state',
    withoutEffect,
    examples: ['mlreg local down', 'mlreg local down -o json'],
    load: async () => (await import('../commands/local.ts')).down,
  },
  {
    name: 'local status',
    summary: "show the emulator's endpoints, function versions and addresses",
    withoutEffect,
    examples: ['mlreg local status', 'mlreg local status -o json'],
    load: async () => (await import('../commands/local.ts')).localStatus,
  },
  {
    name: 'local env',
    summary: 'print environment variables that point the AWS CLI to the emulator',
    withoutEffect,
    examples: [
      'eval "$(mlreg local env)" && aws lambda get-alias --function-name recommendation-inference-local --name live',
      'mlreg local env -o json',
    ],
    load: async () => (await import('../commands/local.ts')).localEnv,
  },
  {
    name: 'local traffic',
    summary: 'send requests to the local API',
    withoutEffect,
    options: [
      ['--rate <count>', 'requests per second', '50'],
      ['--for <duration>', 'for how long', '1m'],
      ['--requests <file>', 'one JSON body per line'],
    ],
    examples: ['mlreg local traffic --rate 50 --for 2m', 'mlreg local traffic --rate 200 --for 30s -o json'],
    load: async () => (await import('../commands/local.ts')).localTraffic,
  },
];
