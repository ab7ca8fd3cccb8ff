export { type Contradiction, contradictions, tooShort } from './contradictions.ts';
export type { Criterion, EnvironmentConfig, JudgeSettings } from './environment.ts';
export type {
  BlueGreenSettings,
  CanarySettings,
  ShadowSettings,
  WatchSettings,
} from './strategy-settings.ts';
export { type Deprecated, deprecatedSettings } from './deprecated.ts';
export { type Read, readDocument } from './document.ts';
export { findConfig } from './find.ts';
export { stackSection } from './from-aws.ts';
export { readTerraform, type TerraformStack, terraformSection } from './from-terraform.ts';
export { jsonSchema, jsonText } from './json-schema.ts';
export { judgePolicy } from './judge-policy.ts';
export { localImage } from './local-image.ts';
export { mistakesIn, type Overlooked, refuseMistakesIn } from './lenient.ts';
export { configMistakes, type LoadedConfig, loadConfig, type LoadOptions, type Reading } from './load.ts';
export { type Mistake, mistakeLine, mistakesError, pathName } from './mistakes.ts';
export { share, traffic } from './leaves.ts';
export {
  changedPolicy,
  type PolicyChanges,
  policyChanges,
  policyMistakes,
  readPolicyFile,
} from './policy-file.ts';
export { type SelfApproval, selfApprovals } from './self-approval.ts';
export { servingOf } from './serving.ts';
export { formatOrigin, type Origin, type Setting } from './sources.ts';
export { starterConfig } from './starter.ts';
