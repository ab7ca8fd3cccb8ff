import type { CommandRow } from './row.ts';

/** What may be rolled out. */
export const registryRows: readonly CommandRow[] = [
  {
    name: 'init',
    summary: 'write mlreg.yaml and GitHub workflows',
    withoutEffect: {
      environment: 'it writes one mlreg.yaml for all environments',
      config: 'it writes mlreg.yaml in this folder',
      region: 'the Region is a setting of each environment in mlreg.yaml',
      profile: 'it asks nothing of AWS',
    },
    effectBeside: { flag: '--from-aws', option: 'fromAws', names: ['environment', 'region', 'profile'] },
    options: [
      ['--from-aws', 'read an existing function and what stands around it, and print what is missing'],
      ['--function <name>', 'the function that --from-aws reads'],
      ['--template <language>', 'python or node: write a model server too, with requests to try it'],
      [
        '--model-name <name>',
        "the model's name; by default recommendation, or the one in Terraform's output",
      ],
      [
        '--from-terraform <file...>',
        'read the output of `terraform output -json`, one file per environment; - is stdin',
      ],
    ],
    examples: [
      'mlreg init --from-aws --function shop-scorer --region eu-west-1 -e dev',
      'mlreg init --template python --model-name fraud',
      'mlreg init --model-name fraud',
      'terraform output -json | mlreg init --from-terraform -',
      'mlreg init --from-terraform staging.json prod.json',
    ],
    load: async () => (await import('../commands/init.ts')).init,
  },
  {
    name: 'register <version>',
    summary: 'register a model version, with the digest of its artifact',
    options: [
      ['--artifact <uri>', 's3://bucket/key; for the local emulator also a file'],
      ['--metric <name=value...>', 'an offline metric; may be repeated'],
    ],
    examples: [
      'mlreg register v2.3.0 --artifact s3://models/v2.3.0.tar.gz --metric auc=0.67',
      'mlreg register v2.3.0 --artifact ./v2.3.0.tar.gz -e local',
    ],
    load: async () => (await import('../commands/registry.ts')).register,
  },
  {
    name: 'adopt <version>',
    summary: 'register what serves today as the champion, without moving any user',
    options: [
      ['--artifact <uri>', "the artifact that it serves; by default the one of the endpoint's model"],
      ['--endpoint <name>', "the endpoint that it asks; by default the one in the function's variables"],
      ['--reason <text>', 'why, for the registry'],
    ],
    examples: [
      'mlreg adopt v1 -e prod',
      'mlreg adopt v1 --endpoint shop-scorer --artifact s3://models/v1.tar.gz -e prod',
    ],
    load: async () => (await import('../commands/adopt.ts')).adopt,
  },
  {
    name: 'versions',
    summary: 'list the registered model versions',
    examples: ['mlreg versions -e prod', 'mlreg versions -o json'],
    load: async () => (await import('../commands/registry.ts')).versions,
  },
  {
    name: 'validate <version>',
    summary: "check a version's artifact, digest and acceptance criteria",
    examples: ['mlreg validate v2.3.0 -e prod', 'mlreg validate v2.3.0 -o json'],
    load: async () => (await import('../commands/registry.ts')).validate,
  },
];
