import { PlatformError } from '../ports/platform.ts';
import { sameTarget, targetText } from '../domain/route.ts';
import type { RolloutId } from '../domain/units.ts';
import type { Rebuilt } from '../registry/rebuild.ts';
import { aliasesIn } from '../runner/environment-view.ts';
import type { Look } from '../runner/look.ts';
import type { Session } from '../app/session.ts';
import type { Found } from './recover-look.ts';

/** Not everybody is with the champion, by the alias or by the one that the stage names. */
const isSplit = ({ champion, onTrial }: Rebuilt, { target, reached }: Found['served']): boolean =>
  onTrial.length > 0 ||
  [target, reached].some(
    (one) => !sameTarget(one, { functionVersion: champion.functionVersion, weights: {} }),
  );

export const stageData = ({ stage, reached }: Look) =>
  stage === null || stage instanceof PlatformError || stage.alias === undefined
    ? null
    : { alias: stage.alias, ...reached.view.target };

function stageText({ stage, main, reached }: Look): string {
  if (stage === null) return 'none is configured';
  if (stage instanceof PlatformError) return `can't be read: ${stage.message}`;
  if (stage.alias === undefined) return 'names no alias';
  if (stage.alias === main.name) return `names ${main.name}, which users reach`;
  const serves = reached.name === stage.alias ? `serves ${targetText(reached.view.target)}` : "can't be read";
  return `names ${stage.alias}, which ${serves}: users reach that, and not ${main.name}`;
}

/** What nothing in AWS says. An endpoint that no Lambda version names is not looked for. */
function unknownText(others: readonly string[]): string {
  const of = others.length === 0 ? 'any other version' : others.join(', ');
  return `whether users were ever taken away from ${of} by a verdict, an abort or a rollback: mlreg rollback asks first`;
}

/** Nothing in AWS names them. */
const neverDeployed =
  'versions that were registered and never deployed, since the last record that is left: mlreg register them again';

/** What a person agrees to. */
export function foundText(
  { config }: Session,
  { look }: Found,
  why: string,
  { champion, previous, onTrial, register, changes, lost }: Rebuilt,
  closes: readonly RolloutId[],
  /** The store knows how users left each version. */
  isComplete = false,
): string {
  const row = (name: string, text: string): string => `  ${name.padEnd(9)} ${text}`;
  const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
  const others = [...register.map(({ version }) => version), ...changes.map(({ version }) => version)].filter(
    (version, index, all) => version !== champion.version && all.indexOf(version) === index,
  );
  const statuses = changes.flatMap(({ version, set }) =>
    set.status === undefined ? [] : [`${version} ${set.status}`],
  );
  return [
    `${config.name}: ${why}`,
    ...aliasesIn(look).map(({ name, view }) => row('alias', `${name} serves ${targetText(view.target)}`)),
    row('stage', stageText(look)),
    row('champion', `${champion.version}, Lambda version ${champion.functionVersion}`),
    row(
      'before',
      previous === null ? 'unknown' : `${previous.version}, Lambda version ${previous.functionVersion}`,
    ),
    ...(onTrial.length === 0 ? [] : [row('on trial', `${listed(onTrial)}, which nobody judges any more`)]),
    row('added', listed(register.map(({ version }) => version))),
    row('changed', listed(statuses)),
    ...(lost.length === 0 ? [] : [row('lost', `${listed(lost)}: their models are gone`)]),
    row('closed', listed(closes)),
    ...(isComplete ? [] : [row('unknown', unknownText(others)), row('missing', neverDeployed)]),
    row('users', 'stay where they are'),
  ].join('\n');
}

/** Where users are not all with the champion a person must bring them there: nothing judges what they get. */
export function nextText({ config }: Session, { look, served }: Found, rebuilt: Rebuilt): readonly string[] {
  const { name } = config;
  const { main, reached } = look;
  const isStaged = reached.name !== main.name;
  const tidy = `mlreg gc --environment ${name}`;
  const stage = `the stage names alias ${reached.name}, and no rollout begins while it does`;
  if (!isSplit(rebuilt, served))
    return [isStaged ? `${stage}; next: ${tidy}` : `next: mlreg doctor --environment ${name}`];
  const back = `mlreg rollback --to ${rebuilt.champion.version} --environment ${name}`;
  const home = { functionVersion: rebuilt.champion.functionVersion, weights: {} };
  const astray = [reached, main].find(({ view }) => !sameTarget(view.target, home)) ?? reached;
  return [
    `alias ${astray.name} still serves ${targetText(astray.view.target)}, and nobody judges it; next: ${back}`,
    ...(isStaged ? [`${stage}; then: ${tidy}`] : []),
  ];
}
