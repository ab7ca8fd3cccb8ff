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
export { findConfig } from './find.ts';
export { jsonSchema, jsonText } from './json-schema.ts';
export { judgePolicy } from './judge-policy.ts';
export { configMistakes, type LoadedConfig, loadConfig, type LoadOptions } from './load.ts';
export type { Mistake } from './mistakes.ts';
export {
  changedPolicy,
  type PolicyChanges,
  readPolicyFile,
} from './policy-file.ts';
export { formatOrigin, type Origin, type Setting } from './sources.ts';
export { starterConfig } from './starter.ts';
