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
    summary: 'start AWS on this machine',
    withoutEffect,
    options: [
      ['--detach', 'in the background'],
      ['--control-port <port>', 'for the AWS API', '4566'],
      ['--gateway-port <port>', "for users' requests", '8080'],
      ['--no-controller', 'leave rollouts whose process is gone to people'],
    ],
    examples: ['mlreg local up', 'mlreg local up --detach --gateway-port 9090'],
    load: async () => (await import('../commands/local.ts')).up,
  },
  {
    name: 'local down',
    summary: 'stop it; its state stays',
    withoutEffect,
    examples: ['mlreg local down', 'mlreg local down -o json'],
    load: async () => (await import('../commands/local.ts')).down,
  },
  {
    name: 'local status',
    summary: 'endpoints, function versions, addresses',
    withoutEffect,
    examples: ['mlreg local status', 'mlreg local status -o json'],
    load: async () => (await import('../commands/local.ts')).localStatus,
  },
  {
    name: 'local env',
    summary: 'print the variables by which the AWS CLI reaches it',
    withoutEffect,
    examples: [
      'eval "$(mlreg local env)" && aws lambda get-alias --function-name recommendation-inference-local --name live',
      'mlreg local env -o json',
    ],
    load: async () => (await import('../commands/local.ts')).localEnv,
  },
  {
    name: 'local traffic',
    summary: 'send real requests to it',
    withoutEffect,
    options: [
      ['--rate <count>', 'requests a second', '50'],
      ['--for <duration>', 'how long', '1m'],
      ['--requests <file>', 'one JSON body a line'],
    ],
    examples: ['mlreg local traffic --rate 50 --for 2m', 'mlreg local traffic --rate 200 --for 30s -o json'],
    load: async () => (await import('../commands/local.ts')).localTraffic,
  },
];
