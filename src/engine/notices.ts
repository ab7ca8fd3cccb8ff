import type { Entry } from '../domain/journal.ts';
import { unreachable } from '../domain/units.ts';
import type { Notice } from '../domain/notice.ts';
import { servesAfter } from '../domain/serves-after.ts';
import { heldText } from './decide-rebuild.ts';
import type { RolloutState } from './state.ts';

/**
 * What people are told of an entry, null for most. It is made of the journal alone, so whoever reads the journal again, in
 * another process and after a crash, makes the very same notice under the same id.
 * @param state after the entry
 */
export function noticeOf(state: RolloutState, entry: Entry): Notice | null {
  const said = sayingOf(state, entry);
  if (said === null) return null;
  const { plan, id } = state;
  const [progress, subject, ...more] = said;
  const next = `mlreg status --environment ${plan.environment}`;
  return {
    eventId: `${id}/${entry.seq}`,
    at: entry.at,
    rollout: id,
    environment: plan.environment,
    version: plan.challenger,
    progress,
    subject,
    body: [
      subject,
      ...more,
      `rollout ${id}: ${plan.strategy} ${plan.champion ?? 'nothing'} -> ${plan.challenger}, begun by ${state.by.name}`,
      `next: ${next}`,
    ].join('\n'),
  };
}

type Saying = readonly [Notice['progress'], subject: string, ...more: string[]];

function sayingOf(state: RolloutState, entry: Entry): Saying | null {
  const { plan, reason, committed, breach } = state;
  const { challenger, environment, strategy } = plan;
  switch (entry.kind) {
    case 'started':
      return [
        'begun',
        `${strategy} of ${challenger} began in ${environment}`,
        ...(reason === '' ? [] : [`reason: ${reason}`]),
      ];
    case 'held':
      if (entry.over === true) return null;
      if (breach !== null && breach.dismissedBy === null)
        return [
          'waiting',
          `${challenger} breached a limit in ${environment}, and waits for a person`,
          entry.why,
        ];
      return ['waiting', `${challenger} waits for a person in ${environment}`, entry.why];
    case 'rolling-back':
      return [
        'going-back',
        `${challenger} is rolled back in ${environment}`,
        entry.cause.sentence,
        ...(entry.lost === undefined ? [] : [heldText(state, entry.lost)]),
      ];
    case 'labelled':
      return entry.as === 'promoted'
        ? ['promoted', `${challenger} serves everybody in ${environment}`]
        : null;
    case 'ended':
      switch (entry.outcome.kind) {
        case 'stuck':
          return [
            'stuck',
            `STUCK: ${challenger} in ${environment} needs a person now`,
            entry.outcome.sentence,
            ...entry.outcome.mend.map((command) => `choose: ${command}`),
          ];
        case 'rolled-back':
          return [
            'rolled-back',
            plan.champion === null
              ? `${challenger} was rolled back in ${environment}: ${servesAfter(plan)}`
              : `${plan.champion} serves ${environment} again, ${challenger} was rolled back`,
            entry.outcome.cause.sentence,
          ];
        case 'succeeded':
          // Who was promoted has been told.
          if (committed) return null;
          return [
            'ended',
            `${strategy} of ${challenger} ended well in ${environment}`,
            entry.outcome.sentence,
          ];
        case 'restored':
          return ['ended', `the registry of ${environment} was rebuilt`, entry.outcome.sentence];
        default:
          return unreachable(entry.outcome);
      }
    default:
      return null;
  }
}
