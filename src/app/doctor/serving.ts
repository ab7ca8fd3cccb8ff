import { targetText } from '../../domain/route.ts';
import { movesAlias } from './rollout.ts';
import { type Check, one } from './scene.ts';
import { stageCheck } from './stage.ts';
import { keysCheck } from './keys.ts';
import { wayBack } from './way-back.ts';
import { aliasNote } from '../marker.ts';
import { servingCheck } from '../serving-settings.ts';
import { userKeyTrouble } from '../user-key.ts';

/** Who asks, and whether what serves is what the registry says. */
export const servingChecks: readonly Check[] = [
  {
    name: 'identity',
    async look({ at: { config, connection } }) {
      const { account, arn } = await connection.identity();
      const isRight = config.account === null || config.account === account;
      if (isRight) return [{ ok: true, detail: arn }];
      const detail = `account ${account}, configured is ${config.account}`;
      return [{ ok: false, detail, mend: 'log in to the right account' }];
    },
  },
  {
    name: 'store',
    async look({ at: { connection }, unread }) {
      if (unread !== null) return [unread];
      const { token, owner } = await connection.store.lock();
      const free = `free, token ${token}`;
      const detail = owner === null ? free : `owned by ${owner.name} (pid ${owner.pid} on ${owner.host})`;
      return [{ ok: true, detail }];
    },
  },
  {
    name: 'alias',
    async look(scene) {
      const { at, champion, running, looked } = scene;
      const { config } = at;
      const { alias } = config.lambda;
      const look = await looked;
      const { view } = look.main;
      const note = aliasNote(at, look, { champion, running });
      // Nothing is advised that rests on a registry that is out of date.
      scene.isBehind = note?.isBehind === true;
      if (note !== null) return [{ ok: false, detail: note.detail, mend: note.mend }];
      const served = view.target.functionVersion;
      if (served === '$LATEST')
        return [
          {
            ok: false,
            detail: `${alias} points at $LATEST, which can't be rolled back to`,
            mend: 'publish a version and point the alias at it',
          },
        ];
      if (running !== null && movesAlias(running, view))
        return [
          { ok: true, detail: `${alias} -> ${targetText(view.target)}: rollout ${running.id} moves it` },
        ];
      if (champion?.functionVersion === undefined || champion.functionVersion === served)
        return [{ ok: true, detail: `${alias} -> Lambda version ${served}` }];
      return [
        {
          ok: false,
          detail: `${alias} serves Lambda version ${served}, champion ${champion.version} is ${champion.functionVersion}`,
          // A rollback would end the rollout that is not over.
          mend:
            running === null
              ? `mlreg rollback --to ${champion.version} --environment ${config.name}`
              : `mlreg status --environment ${config.name}`,
        },
      ];
    },
  },
  {
    name: 'stage',
    async look({ at, champion, running, looked, isBehind }) {
      const { alias: own, green } = at.config.lambda;
      if (green === null || isBehind) return [];
      return [await stageCheck(at, await looked, { own, green, champion, running })];
    },
  },
  {
    name: 'keys',
    look: async ({ at: { connection } }) => [
      await keysCheck(connection.platform, await connection.store.versions()),
    ],
  },
  {
    name: 'user id',
    async look({ at }) {
      const trouble = await userKeyTrouble(at);
      return one(trouble && { ok: false, ...trouble });
    },
  },
  {
    name: '$LATEST',
    async look({ at: { config, connection }, champion, isBehind, looked }) {
      if (champion === null || isBehind) return [];
      const { target } = (await looked).main.view;
      const differences = await connection.platform.latestDifferences(target.functionVersion);
      const detail = `differs from what serves: ${differences.join(', ')}`;
      if (differences.length === 0) return [{ ok: true, detail: 'is what serves, but for the route' }];
      if (config.lambda.latest === 'take')
        return [{ ok: true, detail: `${detail}; the next deploy puts that on trial` }];
      const mend = 'mlreg deploy --with-latest, or undo the changes of $LATEST';
      return [{ ok: false, detail, mend }];
    },
  },
  {
    name: 'serving',
    look: async ({ at, champion, isBehind }) =>
      champion === null || isBehind ? [] : [await servingCheck(at, champion)],
  },
  {
    name: 'way back',
    look: async ({ at, champion, running, isBehind }) =>
      champion === null || isBehind ? [] : [await wayBack(at, champion, running)],
  },
  {
    name: 'artifact',
    async look({ at: { connection }, champion, isBehind }) {
      if (champion === null || isBehind) return [];
      const { uri, digest: registered } = champion.artifact;
      const { digest } = await connection.artifacts.digest(uri);
      if (digest === registered) return [{ ok: true, detail: uri }];
      const detail = `${uri} has changed since it was registered`;
      return [
        { ok: false, detail, mend: 'restore the artifact: the champion could not be provisioned again' },
      ];
    },
  },
];
