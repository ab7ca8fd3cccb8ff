import type { Request } from '../domain/journal.ts';
import { type Approvers, refusalOf } from '../domain/approvers.ts';
import { type Person, samePerson, tellApart } from '../domain/identity.ts';
import { formatDuration } from '../domain/parse.ts';
import type { Step } from '../domain/plan.ts';
import type { Instant } from '../domain/units.ts';
import type { Approval, RolloutState } from './state.ts';

/** What the owner says to what another terminal asks. */
export interface Answer {
  readonly accepted: boolean;
  /** For the person who asked: what will happen, or why not and what to type instead. */
  readonly answer: string;
}

type ApproveStep = Extract<Step, { kind: 'approve' }>;

/** An approval counts for as long as a rollout waits for one; after that whoever gave it must look again. */
export function valid(state: RolloutState, step: ApproveStep, now: Instant): readonly Approval[] {
  return state.approvals.filter(({ at }) => now - at < step.timeoutMs);
}

/** How people name a plan to one another: long enough that nobody makes a second one with the same beginning. */
export const shortHash = (planHash: string): string => planHash.slice(0, 12);

/** Whether this approval counts: of this very plan, artifact and environment, fresh, and by somebody else. Pure. */
export function approval(
  state: RolloutState,
  step: ApproveStep,
  request: Extract<Request, { kind: 'approve' }>,
  now: Instant,
): Answer {
  const no = (answer: string): Answer => ({ accepted: false, answer });
  if (state.planHash === undefined || request.planHash !== state.planHash) {
    return no(
      `it approves plan ${shortHash(request.planHash)}, and this rollout's is ${shortHash(state.planHash ?? 'unknown')}: look at it again with mlreg status`,
    );
  }
  if (now - request.at >= step.timeoutMs)
    return no(`the approval is older than ${formatDuration(step.timeoutMs)} and has expired; give it again`);
  const person = { name: request.by, identity: request.identity };
  const given = valid(state, step, now);
  if (step.approvers !== undefined) {
    const unfit = unfitness(state, step.approvers, person, given);
    return unfit === null ? { accepted: true, answer: countText(given.length + 1, step) } : no(unfit);
  }
  if (given.some((other) => samePerson(other, person)))
    return no(`${request.by} has approved already; another person must`);
  if (samePerson(state.by, person))
    return no(`${request.by} started this rollout; another person must approve it`);
  return { accepted: true, answer: countText(given.length + 1, step) };
}

const countText = (given: number, { needed }: ApproveStep): string => `approved (${given} of ${needed})`;

/** Why this person's approval does not count where identities must be proven, and what to do; null: it does. */
function unfitness(
  state: RolloutState,
  approvers: Approvers,
  person: Person,
  given: readonly Approval[],
): string | null {
  const refusal = refusalOf(approvers, person.identity);
  if (refusal !== null) return `${refusal.why}: ${refusal.mend}`;
  switch (tellApart(state.by, person)) {
    case 'same':
      return `${person.name} started this rollout; another person must approve it`;
    case 'unknown':
      return `nothing shows that ${person.name} is not ${state.by.name}, who started this rollout: ${sameRealm(state.by, approvers)}`;
    case 'other':
      break;
  }
  for (const other of given) {
    const told = tellApart(other, person);
    if (told === 'same') return `${person.name} has approved already; another person must`;
    if (told === 'unknown')
      return `nothing shows that ${person.name} is not ${other.name}, who has approved already: ${sameRealm(other, approvers)}`;
  }
  return null;
}

/** People are told apart on GitHub, or at AWS, and not between the two. */
function sameRealm({ identity }: Person, { workflow }: Approvers): string {
  const proof = identity?.proof;
  if (proof === 'oidc' || proof === 'github') return `approve on GitHub, by the workflow ${workflow}`;
  if (proof === 'aws' && identity?.run === undefined)
    return 'approve with AWS credentials of another person (mlreg approve)';
  return 'nothing proves who that was; abort it, and start it anew with mlreg deploy';
}
