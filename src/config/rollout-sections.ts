import * as z from 'zod';
import { leastHeldBack, mostHeldBack } from '../domain/hold-back.ts';
import * as leaf from './leaves.ts';

const pathPattern = /^[A-Za-z0-9_$-]{1,64}(\.[A-Za-z0-9_$-]{1,64}){0,9}$/;
const answerPath = (description: string) =>
  leaf
    .text(description, pathPattern, 'members and positions with dots between, such as recommendations.0.id')
    .nullable();

const compare = z
  .strictObject({
    class: answerPath('Path of the decision in an answer. Whole answers are compared unless given.'),
    score: answerPath('Path of the number by which the decision was made.'),
    scale: leaf.number('The difference between two scores that counts as a distance of 1.', 1e-9, 1e12),
    tolerance: leaf.number(
      'Two numbers are the same if they differ by at most this; above 1, by at most this times the larger one.',
      0,
      1,
    ),
    ignore: leaf.texts(
      "Members of whole answers that don't count.",
      /^[^\0]{1,64}$/,
      'names of members such as [modelVersion]',
      'the name of a member such as modelVersion',
    ),
    show: leaf.texts(
      'Members of the request that the report shows for examples. No other part of a request is ever recorded.',
      pathPattern,
      'members of the request such as [origin, hour]',
      'a member of the request such as origin',
    ),
    disagreement: leaf.shareLimit(
      "Share of the challenger's answers that may differ. `off`: they are counted and reported, not judged.",
    ),
  })
  .meta({ description: 'How the answers of both versions to one request are compared.' });

export const strategies = z
  .strictObject({
    canary: z
      .strictObject({
        steps: leaf.trafficSteps("The challenger's shares of traffic, one bake each."),
        bake: leaf.duration('How long each step is watched.'),
        tick: leaf.tick(),
        onInconclusive: leaf.choice(
          'What happens when the last bake ends with nothing breached and nothing proven. `promote` does so only where the bake had the power it was planned with; otherwise it holds.',
          ['promote', 'hold', 'extend', 'rollback'],
        ),
        extend: leaf.duration('How much longer a bake may last while evidence is insufficient.', '0s'),
        holdBack: leaf.trafficOrOff(
          'Share of users who keep the champion until the last bake is over, so that there is a champion to compare with to the end. Afterwards everybody gets the challenger.',
          leastHeldBack,
          mostHeldBack,
        ),
        allowLargeFirstStep: leaf.yesOrNo('Lets the first step be more than 20 %.'),
      })
      .meta({ description: 'Traffic moves in steps.' }),
    blueGreen: z
      .strictObject({
        percent: leaf.traffic("Green's share of traffic before the swap."),
        bake: leaf.duration('How long green is watched before the swap.'),
        finalBake: leaf.duration('How long green is watched after the swap. As `bake` unless given.'),
        tick: leaf.tick(),
        onInconclusive: leaf.choice('As in `canary`.', ['promote', 'hold', 'extend', 'rollback']),
        extend: leaf.duration('How much longer a bake may last while evidence is insufficient.', '0s'),
        retireAfter: leaf.duration(
          'How long blue is kept after the swap. As `keepPrevious` unless given.',
          '0s',
        ),
        allowLargeFirstStep: leaf.yesOrNo('Lets `percent` be more than 20 %.'),
      })
      .meta({ description: 'A share of traffic goes to green, then the stage is swapped.' }),
    shadow: z
      .strictObject({
        sample: leaf.traffic('Share of requests of which the challenger gets a copy.'),
        bake: leaf.duration('How long the copies are compared.'),
        tick: leaf.tick(),
        extend: leaf.duration('How much longer the bake may last while evidence is insufficient.', '0s'),
        compare,
      })
      .meta({ description: 'The challenger gets copies of requests; its answers reach nobody.' }),
    watch: z
      .strictObject({ tick: leaf.tick() })
      .meta({ description: '`mlreg watch` guards what serves now.' }),
  })
  .meta({ description: 'Defaults of the strategies. Options of `mlreg deploy` go before them.' });

export const guardrails = z
  .strictObject({
    errorRate: leaf.shareLimit('Share of failed answers.'),
    meanLatency: leaf.durationLimit('Mean latency.'),
    endpointErrorRate: leaf.shareLimit(
      "SageMaker invocation errors of the challenger's endpoint, as a share of its requests.",
    ),
    endpointErrorsPerMinute: leaf.countLimit(
      'Deprecated: set `endpointErrorRate`, which fits any traffic. SageMaker invocation errors a minute.',
    ),
    throttleRate: leaf.shareLimit('Share of throttled calls.'),
    alarm: leaf.minutesOf(
      'Also rolls back if `errorRate` is exceeded in this many of the last minutes. `judge.alpha` does not cover it.',
    ),
  })
  .meta({
    description:
      'Absolute limits. A breach rolls back, unless the champion is at that level too; `off` switches one off.',
  });

const margin = (description: string) =>
  z
    .strictObject({
      ratio: leaf.number("Error rate: at most this many times the champion's, plus `difference`.", 1, 100),
      difference: leaf.share("Error rate: at most this much above `ratio` times the champion's."),
      slower: leaf.share(
        'Latency: at most this much slower than the champion.',
        'a share such as 10% or 0.1',
      ),
    })
    .meta({ description });

const chance = (description: string) =>
  leaf.noted(
    leaf
      .share(description)
      .refine((value) => value > 0 && value < 0.5, { error: 'expected more than 0% and less than 50%' }),
    description,
    { expected: 'a probability such as 1% or 0.01', range: 'above 0%, below 50%' },
  );

export const judge = z
  .strictObject({
    alpha: chance('Probability of rolling back a healthy challenger, for the whole rollout.'),
    alphaPromote: chance(
      'Probability of calling a challenger non-inferior that is as bad as `promoteMargin`.',
    ),
    rollbackMargin: margin('The challenger may be this much worse before a rollback is right.'),
    refusedMore: leaf.shareLimit(
      "How much larger the challenger's share of requests that the model itself refuses (its 4xx) may be, above `rollbackMargin.ratio` times the champion's. `off`: they are not compared.",
    ),
    promoteMargin: margin(
      'The last bake ends early only if the challenger is shown to be no worse than this.',
    ),
    warmUp: leaf.duration(
      "How long after each increase of the challenger's share its latency is not compared.",
      '0s',
    ),
    minimumBake: leaf.duration('Least time at each step before it may pass.', '0s'),
    minimumTicks: leaf.whole('Least looks at each step before it may pass.', 1, 1000),
    noise: leaf.choice(
      'How failures are assumed to come. `robust`: in bursts. `independent`: each by itself, which decides sooner.',
      ['robust', 'independent'],
    ),
    scope: leaf.choice(
      '`attributable`: a limit that the champion breaches too is an incident and does not roll back. `absolute`: it rolls back all the same.',
      ['attributable', 'absolute'],
    ),
    detectableRatio: leaf.number(
      "A step advances only when its bake could have caught an error rate this many times the champion's.",
      1.1,
      1000,
    ),
    detectableSlower: leaf.number(
      'A step advances only when its bake could have caught a challenger this many times as slow.',
      1.1,
      1000,
    ),
    history: leaf.duration("How much of the champion's past is read before the rollout.", '0s'),
  })
  .meta({ description: 'How challenger and champion are compared.' });
