import type { EnvironmentConfig } from './environment.ts';

/** A setting that still works, and what to write instead. */
export interface Deprecated {
  readonly detail: string;
  readonly mend: string;
}

/** The deprecated settings that an environment uses. */
export function deprecatedSettings({
  guardrails,
}: Pick<EnvironmentConfig, 'guardrails'>): readonly Deprecated[] {
  if (guardrails.endpointErrorsPerMinute === null) return [];
  return [
    {
      detail:
        'guardrails.endpointErrorsPerMinute is deprecated: the same count is much for one service and little for another',
      mend: 'set guardrails.endpointErrorRate: 5% in mlreg.yaml, and endpointErrorsPerMinute: off',
    },
  ];
}
