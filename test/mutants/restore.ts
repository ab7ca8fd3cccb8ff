import type { Mutant } from './mutant.ts';

const restore = { file: 'src/runner/restore.ts', caughtBy: ['unit/runner/restore'] } as const;
const fold = { file: 'src/store/rules/fold.ts', caughtBy: ['unit/runner/restore'] } as const;
const history = { caughtBy: ['contract/store/history'] } as const;

/** How a store takes the place of others: a backup that is restored, and a registry that is rebuilt. */
export const restoreMutants: readonly Mutant[] = [
  {
    ...restore,
    name: 'a restore moves users to what the marker leads back to',
    from: 'await platform.writeAlias(alias, { target, stamp, revisionId });',
    to: 'await platform.writeAlias(alias, { target: { functionVersion: stamp.back, weights: {} }, stamp, revisionId });',
    danger: 'a restore takes a version from users that nobody wanted to roll back',
  },
  {
    ...restore,
    name: 'a restore takes an epoch above its own store alone',
    from: '    epoch: largest(stamps.map(({ detail }) => detail?.store.epoch ?? 0)),\n',
    to: '    epoch: 0,\n',
    danger: 'a store that was restored before goes on, and the new one is refused',
  },
  {
    ...restore,
    name: 'a restore takes a token below those on the aliases',
    from: '    atLeast: largest(stamps.map(({ token }) => token)),\n',
    to: '    atLeast: 0,\n',
    danger: 'an older mlreg takes the restored store for one that was put back',
  },
  {
    ...restore,
    name: 'a restore marks the first alias alone',
    from: 'for (const { name, view } of wanted.aliases)\n',
    to: 'for (const { name, view } of wanted.aliases.slice(0, 1))\n',
    danger: 'the store that was replaced still moves users of the second alias',
  },
  {
    ...fold,
    name: 'records of a backup can be used before an alias says so',
    from: '        ...{ token: state.holder.token + 1, owner: null, rollout: null, restoring: true },\n',
    to: '        ...{ token: state.holder.token + 1, owner: null, rollout: null },\n',
    danger: 'a store and its backup move the same users under the same id, epoch and tokens',
  },
  {
    ...fold,
    name: 'an owner of the backed-up store owns the restored one too',
    from: '        ...{ token: state.holder.token + 1, owner: null, rollout: null, restoring: true },\n',
    to: '        ...{ owner: null, rollout: null, restoring: true },\n',
    danger: 'a rollout that was under way at the backup writes into the restored journal',
  },
  {
    ...history,
    file: 'src/aws/dynamo-items.ts',
    name: 'a table with a part of a backup is used',
    from: '  if (importing !== true) return;\n',
    to: '  if (importing !== null) return;\n',
    danger: 'a registry that ends somewhere in the past decides where users go',
  },
  {
    ...history,
    file: 'src/store/rules/cut.ts',
    name: 'other records count as a part of the backup',
    from: '  if (shared === -1) return',
    to: '  if (shared !== -2) return',
    danger: 'a restore writes over records of another history',
  },
];
