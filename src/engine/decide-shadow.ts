import type { Effect } from '../domain/journal.ts';
import type { Step } from '../domain/plan.ts';
import type { Instant, VersionTag } from '../domain/units.ts';
import * as labels from '../registry/labels.ts';
import { attempt, type Decision, done } from './decision.ts';
import { effectKey } from './after-effect.ts';
import { comparedText, copiesOf, shadowedText } from './shadow-report.ts';
import { currentStep, type RolloutState } from './state.ts';

/** Users are with the champion alone: what can't be done by then is said, and holds up nobody. */
const fewTries = 3;

/** Reads how the answers differed; null when it was read, or could not be. */
export function readReport(state: RolloutState, now: Instant): Decision | null {
  if (state.report !== null || givenUp(state, { kind: 'report' })) return null;
  return attempt(state, { kind: 'report' }, now);
}

export function report(state: RolloutState, now: Instant): Decision {
  const reading = readReport(state, now);
  if (reading !== null) return reading;
  const error = state.tries[effectKey({ kind: 'report' })]?.error;
  const sentence = comparedText(copiesOf(state.observations));
  const note = state.report === null ? `${sentence}; how they differ can't be read: ${error}` : sentence;
  const context = { rollout: state.id, at: now, reason: shadowedText(state) };
  return {
    kind: 'record',
    entries: [
      { kind: 'labelled', as: 'shadowed' },
      { kind: 'step-done', step: state.step, note },
    ],
    changes: labels.shadowed(state.plan, context),
  };
}

/** A version that never served loses its endpoint: first the tombstone, which is irrevocable, then the endpoint: whoever wants the version again makes a new one. */
export function retire(
  state: RolloutState,
  { version }: Extract<Step, { kind: 'retire' }>,
  now: Instant,
): Decision {
  const endpoint = state.endpoints[version]?.name;
  if (endpoint === undefined) throw new Error(`${state.id} knows no endpoint of ${version}`);
  const effect: Effect = { kind: 'retire', version, endpoint };
  const sharer = sharerOf(state, version);
  if (sharer !== undefined && state.retiring !== 'gone')
    return done(state, `${endpoint} is left to mlreg gc: it is the endpoint of ${sharer}, too`);
  switch (state.retiring) {
    case null:
      // Users may return to what has served, also by an alias's marker alone: only gc knows when its time is over.
      if ((state.services[version] ?? []).length > 0)
        return done(state, `${endpoint} is left to mlreg gc: ${version} has served everybody before`);
      return {
        kind: 'record',
        entries: [{ kind: 'labelled', as: 'retired' }],
        changes: labels.retired(version, { endpoint, at: now, rollout: state.id }),
      };
    case 'gone':
      return {
        kind: 'record',
        entries: [{ kind: 'step-done', step: state.step, note: `${endpoint} taken down` }],
        changes: [{ version, set: { retiredAt: now } }],
      };
    case 'buried':
      if (!givenUp(state, effect)) return attempt(state, effect, now);
      return done(state, `${endpoint} is left to mlreg gc: ${state.tries[effectKey(effect)]?.error ?? ''}`);
  }
}

/** What was buried before the rollout went back; null where nothing was, it is gone, or it is left to gc. */
export function finishRetiring(state: RolloutState, now: Instant): Decision | null {
  const step = currentStep(state);
  const endpoint = step?.kind === 'retire' ? state.endpoints[step.version]?.name : undefined;
  if (state.retiring !== 'buried' || step?.kind !== 'retire' || endpoint === undefined) return null;
  if (sharerOf(state, step.version) !== undefined) return null;
  const effect: Effect = { kind: 'retire', version: step.version, endpoint };
  return givenUp(state, effect) ? null : attempt(state, effect, now);
}

/** The other version of the rollout, where both have one endpoint: their names differ in signs alone, and it serves users. */
const sharerOf = ({ endpoints }: RolloutState, version: VersionTag): string | undefined =>
  Object.keys(endpoints).find(
    (other) =>
      other !== version && endpoints[other]?.name.toLowerCase() === endpoints[version]?.name.toLowerCase(),
  );

function givenUp(state: RolloutState, effect: Effect): boolean {
  const tried = state.tries[effectKey(effect)];
  return tried !== undefined && (tried.final || tried.count >= fewTries);
}
