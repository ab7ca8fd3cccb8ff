import { describe, expect, it } from 'vitest';
import { shares } from '../../../bench/judge/cells.ts';
import {
  codeDeploySchedule,
  sageMakerRefuses,
  sageMakerRollsBack,
} from '../../../bench/judge/peers/deployments.ts';
import { minutes } from '../../../bench/judge/traffic.ts';
import { oracle } from './oracle.ts';

const codeDeploy = oracle('codedeploy-lambda-schedules', 'lambda');
const sageMaker = oracle('sagemaker-guardrails', 'outcomes', 'limits');

describe('CodeDeploy', () => {
  it.each(codeDeploy.lambda)('$name', ({ name, schedule }) => {
    expect(codeDeploySchedule(name)).toEqual(schedule);
  });

  it('knows no other name, and no canary as long as the benchmark’s hour', () => {
    expect(codeDeploySchedule('CodeDeployDefault.LambdaCanary10Percent')).toBeNull();
    const longest = codeDeploy.lambda.filter(({ name }: any) => name.includes('Canary'));
    expect(Math.max(...longest.map(({ schedule }: any) => schedule.at(-1)[0]))).toBeLessThan(minutes);
  });
});

describe('SageMaker', () => {
  const during = (when: string | undefined) =>
    when === undefined ? null : when.includes('final') ? 'last bake' : 'bake of a step';

  it.each(sageMaker.outcomes)('$mode, alarm during $alarmDuring$alarmOn: $result', (row) => {
    const alarms = row.alarms ?? [{ at: during(row.alarmDuring ?? row.alarmOn) }];
    expect(sageMakerRollsBack(alarms)).toBe(row.result !== 'no automatic rollback');
  });

  it('goes on while no alarm rings', () => {
    expect(sageMakerRollsBack([{ at: null }, { at: null }])).toBe(false);
  });

  it('takes the benchmark’s shares and its hour, and nothing beyond its limits', () => {
    const limits = sageMaker.limits as unknown as Record<string, any>;
    const [least, most] = limits.waitIntervalInSeconds;
    for (const share of shares) expect(sageMakerRefuses(100 * share, 60 * minutes)).toBeNull();
    expect(sageMakerRefuses(10, least)).toBeNull();
    expect(sageMakerRefuses(10, most + 1)).not.toBeNull();
    expect(limits.canarySize).toContain('<= 50 %');
    expect(sageMakerRefuses(51, 60)).not.toBeNull();
    expect(sageMakerRefuses(0, 60)).not.toBeNull();
  });
});
