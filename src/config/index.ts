export { type Contradiction, contradictions } from './contradictions.ts';
export type {
  BlueGreenSettings,
  CanarySettings,
  Criterion,
  EnvironmentConfig,
  JudgeSettings,
  ShadowSettings,
  WatchSettings,
} from './environment.ts';
export { type Deprecated, deprecatedSettings } from './deprecated.ts';
export { type Read, readDocument } from './document.ts';
export { findConfig } from './find.ts';
export { readTerraform, type TerraformStack, terraformSection } from './from-terraform.ts';
export { jsonSchema, jsonText } from './json-schema.ts';
export { judgePolicy } from './judge-policy.ts';
export { configMistakes, type LoadedConfig, loadConfig, type LoadOptions } from './load.ts';
export { type Mistake, mistakesError, pathName } from './mistakes.ts';
export { share, traffic } from './leaves.ts';
export {
  changedPolicy,
  type PolicyChanges,
  policyChanges,
  policyMistakes,
  readPolicyFile,
} from './policy-file.ts';
export { servingOf } from './serving.ts';
export { formatOrigin, type Origin, type Setting } from './sources.ts';
export { starterConfig } from './starter.ts';
