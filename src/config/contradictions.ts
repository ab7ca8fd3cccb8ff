import { sharesWithHoldBack } from '../domain/hold-back.ts';
import { formatDuration } from '../domain/parse.ts';
import type { EnvironmentConfig } from './environment.ts';
import { localImageWords } from './local-image.ts';

export interface Contradiction {
  /** The settings that don't go together, under their names in mlreg.yaml. */
  readonly paths: readonly (readonly string[])[];
  readonly sentence: string;
}

/** Settings each of which is right, but not beside the others. Also for a configuration changed by flags. */
export function contradictions(environment: EnvironmentConfig): readonly Contradiction[] {
  return [
    ...largeFirstSteps(environment),
    ...heldBack(environment),
    ...impatience(environment),
    ...toleratedRegressions(environment),
    ...misplacedImages(environment),
    ...moreWarmThanThereMayBe(environment),
    ...shownUsers(environment),
    ...tooFewApprovers(environment),
  ];
}

const largestFirstStep = 20;

function* largeFirstSteps({
  strategies: { canary, blueGreen },
}: EnvironmentConfig): Generator<Contradiction> {
  const tooLarge = (percent: number): string =>
    `the first step is ${percent} %, more than ${largestFirstStep} %: begin smaller, or write allowLargeFirstStep: true`;
  const first = canary.steps.find((step) => step > 0) ?? 0;
  if (first > largestFirstStep && !canary.allowLargeFirstStep) {
    yield { paths: [['strategies', 'canary', 'steps']], sentence: tooLarge(first) };
  }
  if (blueGreen.percent > largestFirstStep && !blueGreen.allowLargeFirstStep) {
    yield { paths: [['strategies', 'blueGreen', 'percent']], sentence: tooLarge(blueGreen.percent) };
  }
}

/** The last bake is at all but those held back: a step above that has no place. */
function* heldBack({ strategies: { canary } }: EnvironmentConfig): Generator<Contradiction> {
  const { steps, holdBack } = canary;
  if (holdBack === null || sharesWithHoldBack(steps, holdBack) !== null) return;
  yield {
    paths: [
      ['strategies', 'canary', 'steps'],
      ['strategies', 'canary', 'holdBack'],
    ],
    sentence: `with ${holdBack} % held back the last bake is at ${100 - holdBack} %: leave out steps between that and 100`,
  };
}

/** Bakes that would be over before any verdict can be given. */
function* impatience({ strategies, judge }: EnvironmentConfig): Generator<Contradiction> {
  const { canary, blueGreen, shadow } = strategies;
  const bakes = [
    { strategy: 'canary', key: 'bake', bakeMs: canary.bakeMs, tickMs: canary.tickMs },
    { strategy: 'blueGreen', key: 'bake', bakeMs: blueGreen.bakeMs, tickMs: blueGreen.tickMs },
    { strategy: 'blueGreen', key: 'finalBake', bakeMs: blueGreen.finalBakeMs, tickMs: blueGreen.tickMs },
    { strategy: 'shadow', key: 'bake', bakeMs: shadow.bakeMs, tickMs: shadow.tickMs },
  ];
  for (const { strategy, key, bakeMs, tickMs } of bakes) {
    const short = tooShort({ bakeMs, tickMs }, judge);
    if (short === null) continue;
    const bake = ['strategies', strategy, key];
    const paths =
      short.setting === 'minimumBake'
        ? [bake, ['judge', 'minimumBake']]
        : [bake, ['strategies', strategy, 'tick'], ['judge', 'minimumTicks']];
    yield { paths, sentence: `${short.sentence}: lengthen it or write ${short.mend}` };
  }
}

/** One rule for mlreg.yaml and `--bake`. @returns null where a bake of this length can pass */
export function tooShort(
  { bakeMs, tickMs }: { readonly bakeMs: number; readonly tickMs: number },
  judge: Pick<EnvironmentConfig['judge'], 'minimumBakeMs' | 'minimumTicks'>,
): {
  readonly setting: 'minimumBake' | 'minimumTicks';
  readonly leastMs: number;
  readonly sentence: string;
  readonly mend: string;
} | null {
  const says = (than: string): string =>
    `a bake of ${formatDuration(bakeMs)} is shorter than ${than}, so it could never pass`;
  if (bakeMs < judge.minimumBakeMs) {
    const than = `judge.minimumBake, ${formatDuration(judge.minimumBakeMs)}`;
    const mend = `judge.minimumBake: ${formatDuration(bakeMs)}`;
    return { setting: 'minimumBake', leastMs: judge.minimumBakeMs, sentence: says(than), mend };
  }
  const leastMs = judge.minimumTicks * tickMs;
  if (bakeMs >= leastMs) return null;
  const than = `judge.minimumTicks, ${judge.minimumTicks} ticks of ${formatDuration(tickMs)}`;
  return { setting: 'minimumTicks', leastMs, sentence: says(than), mend: 'a shorter tick' };
}

/** Examples are kept with the journal and shown to many. */
function* shownUsers({
  strategies: { shadow },
  requests: { userKey },
}: EnvironmentConfig): Generator<Contradiction> {
  if (!shadow.comparison.show.some((path) => path === userKey)) return;
  yield {
    paths: [
      ['strategies', 'shadow', 'compare', 'show'],
      ['requests', 'userKey'],
    ],
    sentence: `${userKey} tells who asked, and would be kept with the report: take it out of show`,
  };
}

/** What the margin tolerates can't be caught, so a bake that is to have power for it never passes. */
function* toleratedRegressions({ judge }: EnvironmentConfig): Generator<Contradiction> {
  const { detectableRatio, detectableSlower, rollbackMargin } = judge;
  const tolerated = (what: string, margin: string): string =>
    `${what} is within ${margin}, so no bake could catch it, and none would pass: make it larger`;
  if (detectableRatio <= rollbackMargin.ratio) {
    const paths = [
      ['judge', 'detectableRatio'],
      ['judge', 'rollbackMargin', 'ratio'],
    ];
    yield {
      paths,
      sentence: tolerated(String(detectableRatio), `judge.rollbackMargin.ratio, ${rollbackMargin.ratio}`),
    };
  }
  if (detectableSlower !== undefined && detectableSlower <= 1 + rollbackMargin.slower) {
    const paths = [
      ['judge', 'detectableSlower'],
      ['judge', 'rollbackMargin', 'slower'],
    ];
    const margin = `judge.rollbackMargin.slower, ${Math.round(rollbackMargin.slower * 100)}%`;
    yield { paths, sentence: tolerated(String(detectableSlower), margin) };
  }
}

function* misplacedImages({ kind, sagemaker: { image } }: EnvironmentConfig): Generator<Contradiction> {
  const paths = [['sagemaker', 'image']];
  if (image === null) return;
  if (image.startsWith('local://') && localImageWords(image) === null)
    yield { paths, sentence: 'a quote of this command is not closed, or there is nothing to run' };
  if (image.startsWith('local://') === (kind === 'local')) return;
  yield {
    paths,
    sentence:
      kind === 'local'
        ? 'local runs a program of this machine, not a container: write local://./serve.mjs, or local://python3 serve.py'
        : 'local:// runs on this machine only: write the image of a container, and this one under environments.local',
  };
}

function* moreWarmThanThereMayBe({ sagemaker }: EnvironmentConfig): Generator<Contradiction> {
  const { provisionedConcurrency, maxConcurrency } = sagemaker;
  if (provisionedConcurrency === null || provisionedConcurrency <= maxConcurrency) return;
  yield {
    paths: [
      ['sagemaker', 'provisionedConcurrency'],
      ['sagemaker', 'maxConcurrency'],
    ],
    sentence: `an endpoint of at most ${maxConcurrency} environments can't keep ${provisionedConcurrency} provisioned: lower provisionedConcurrency, or raise maxConcurrency`,
  };
}

/** A rollout that nobody could ever approve. */
function* tooFewApprovers({ kind, approvals, approvers }: EnvironmentConfig): Generator<Contradiction> {
  const { github, roles, repository } = approvers;
  if (kind === 'local' || approvals === 0) return;
  if (github.length > 0 && repository === null) {
    yield {
      paths: [
        ['approvers', 'github'],
        ['approvers', 'repository'],
      ],
      sentence: 'no job on GitHub may approve without approvers.repository: add it, as owner/name',
    };
  }
  // People are told apart on GitHub or at AWS, never between the two.
  const most = Math.max(github.length, roles.length);
  if (most === 0 || most >= approvals) return;
  yield {
    paths: [['approvals'], ['approvers']],
    sentence: `${approvals} people must approve, and approvers lists ${most}: add more, or lower approvals`,
  };
}
