import type { ServingSettings } from '../domain/serving.ts';
import type { EnvironmentConfig } from './environment.ts';

/** Local AWS asks for a role, and gives it nothing to do. */
const localRole = 'arn:aws:iam::000000000000:role/mlreg-local';

/** What the endpoints of this environment would be made with now. */
export const servingOf = ({ sagemaker }: Pick<EnvironmentConfig, 'sagemaker'>): ServingSettings => ({
  image: sagemaker.image ?? '',
  roleArn: sagemaker.role ?? localRole,
  memoryMb: sagemaker.memoryMb,
  maxConcurrency: sagemaker.maxConcurrency,
  variables: Object.keys(sagemaker.environment).sort(),
});
