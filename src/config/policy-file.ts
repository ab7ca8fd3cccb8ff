import * as z from 'zod';
import type { Guardrails, JudgePolicy } from '../domain/policy.ts';
import { type Read, readDocument } from './document.ts';
import { fileForm } from './file-form.ts';
import { type Mistake, mistakesError, pathName, schemaMistakes } from './mistakes.ts';
import { guardrails, judge } from './rollout-sections.ts';

/** What a policy file says; what it leaves out stays as it was. */
export interface PolicyChanges {
  readonly judge: Partial<Omit<JudgePolicy, 'guardrails' | 'rollbackMargin' | 'promoteMargin'>>;
  readonly rollbackMargin: Partial<JudgePolicy['rollbackMargin']>;
  readonly promoteMargin: Partial<JudgePolicy['promoteMargin']>;
  readonly guardrails: Partial<Guardrails>;
}

const sections = { judge, guardrails } as const;
const form = fileForm(z.strictObject(sections));

/** Sections as `form` gives them: in the units of the domain, under the names of the file. */
interface Written {
  readonly judge?: Partial<z.output<typeof judge>> | null;
  readonly guardrails?: Partial<z.output<typeof guardrails>> | null;
}

/**
 * A policy in mlreg.yaml's own words: its sections `judge` and `guardrails`, as YAML or JSON.
 * @param shown the file's name, for mistakes
 * @throws UserError `usage` with all mistakes at once
 */
export function readPolicyFile(text: string, shown: string): PolicyChanges {
  const read = readDocument(text);
  const ofText = read.mistakes.map(({ at, path, sentence }) => ({ ...at, path: pathName(path), sentence }));
  const mistakes = read.unusable ? ofText : [...ofText, ...policyMistakes(read)];
  if (mistakes.length > 0) throw mistakesError(shown, mistakes);
  return policyChanges(read.raw);
}

/** What is wrong with the sections of a policy, and with those that are none of its own. */
export function policyMistakes(read: Read): readonly Mistake[] {
  const strangers = Object.keys(read.raw).filter((key) => !Object.hasOwn(sections, key));
  const own = Object.fromEntries(Object.entries(read.raw).filter(([key]) => Object.hasOwn(sections, key)));
  return [
    ...strangers.map((key) => ({
      ...read.position([key], 'key'),
      path: pathName([key]),
      sentence: 'a policy has the sections judge and guardrails and no others: take this away',
    })),
    // Only mlreg.yaml needs a model.
    ...schemaMistakes({ ...read, raw: { model: 'model', ...own } }).mistakes,
  ];
}

/** @param raw without mistakes */
export function policyChanges(raw: unknown): PolicyChanges {
  const written = form.parse(raw) as Written;
  const { warmUp, minimumBake, rollbackMargin, promoteMargin, history: _, ...plain } = written.judge ?? {};
  const { meanLatency, ...limits } = written.guardrails ?? {};
  return {
    judge: {
      ...plain,
      ...(warmUp === undefined ? {} : { warmUpMs: warmUp }),
      ...(minimumBake === undefined ? {} : { minimumBakeMs: minimumBake }),
    },
    rollbackMargin: rollbackMargin ?? {},
    promoteMargin: promoteMargin ?? {},
    guardrails: { ...limits, ...(meanLatency === undefined ? {} : { meanLatencyMs: meanLatency }) },
  };
}

/** Another policy for the same traffic: what only the plan knows (steps, ticks, history) stays. */
export function changedPolicy(policy: JudgePolicy, changes: PolicyChanges): JudgePolicy {
  return {
    ...policy,
    ...changes.judge,
    rollbackMargin: { ...policy.rollbackMargin, ...changes.rollbackMargin },
    promoteMargin: { ...policy.promoteMargin, ...changes.promoteMargin },
    guardrails: { ...policy.guardrails, ...changes.guardrails },
  };
}
