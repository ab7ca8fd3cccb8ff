import type { LocalAws, WireRequest, WireResponse } from '../../../src/local-aws/core/local-aws.ts';
import type { PlatformFailure } from '../../../src/ports/platform.ts';

const services = ['lambda', 'sagemaker', 'cloudwatch', 'apigateway'];

/**
 * How AWS says no, each service in its own words; or how nobody says anything: 5xx, a broken connection, no answer in time.
 * Nothing is done.
 */
export async function refused(
  local: LocalAws,
  request: WireRequest,
  kind: PlatformFailure['kind'],
  luck: number,
): Promise<WireResponse> {
  const once = async (faults: Parameters<typeof local.inject>[0]): Promise<WireResponse> => {
    local.inject(faults);
    const answer = await local.handle(request);
    local.inject({ reset: true });
    return answer;
  };
  const fault = (met: 'throttle' | 'error-before') =>
    once({ faults: services.map((service) => ({ action: `${service}:*`, kind: met })) });
  switch (kind) {
    case 'denied':
      return once({ deny: Object.fromEntries(services.map((service) => [`${service}:*`, true])) });
    case 'throttled':
      return fault('throttle');
    case 'credentials':
      return local.handle({ ...request, headers: { ...request.headers, 'x-amz-security-token': 'expired' } });
    default:
      if (luck % 3 === 0) return fault('error-before');
      throw luck % 3 === 1 ? hungUp() : timedOut();
  }
}

const hungUp = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
const timedOut = (): Error => Object.assign(new Error('no answer in time'), { name: 'TimeoutError' });
