import type { RouterConfig } from './config.ts';
import type { FeedbackRecord, RequestRecord } from './emf.ts';

/** What this execution environment has seen since it started; others have counters of their own. */
export interface Counters {
  readonly request: (record: RequestRecord) => void;
  readonly feedback: (record: FeedbackRecord) => void;
  /** A request that no model was asked for: the caller's mistake. */
  readonly refused: () => void;
  /** Prometheus' text format. */
  readonly text: () => string;
}

interface Arm {
  readonly labels: string;
  requests: number;
  errors: number;
  throttles: number;
  noUserId: number;
  readonly latency: { readonly buckets: number[]; sum: number; count: number };
}

/** Upper edges in seconds, Prometheus' unit. */
const edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Lambda runs as many environments as requests come at a time: a scrape reaches one of them, and the next another. */
const notice = `# The counters of one execution environment, which execution_environment names. Lambda may run many, and a
# scrape reaches one of them. All requests of all environments are in CloudWatch, namespace Mlreg.
`;

export function createCounters(config: RouterConfig, environmentId: string, startedAt: number): Counters {
  const arms = new Map<string, Arm>();
  const feedback = new Map<string, { count: number; sum: number }>();
  const common = `environment="${escaped(config.environment)}",model="${escaped(config.model)}",execution_environment="${escaped(environmentId)}"`;
  const versionLabel = (version: string): string => `${common},version="${escaped(version)}"`;
  let refused = 0;

  const armFor = ({ version, arm: name, counted }: RequestRecord): Arm => {
    // Testers are in neither arm.
    const arm = counted.as === 'tester' ? 'tester' : name;
    const key = `${arm} ${version}`;
    let found = arms.get(key);
    if (!found) {
      const latency = { buckets: edges.map(() => 0), sum: 0, count: 0 };
      found = {
        labels: `${versionLabel(version)},arm="${arm}"`,
        requests: 0,
        errors: 0,
        throttles: 0,
        noUserId: 0,
        latency,
      };
      arms.set(key, found);
    }
    return found;
  };

  return {
    request(record) {
      const arm = armFor(record);
      arm.requests++;
      if (record.failure) arm.errors++;
      if (record.throttled) arm.throttles++;
      if (record.counted.as === 'anonymous') arm.noUserId++;
      if (record.latencyMs === undefined) return;
      const seconds = record.latencyMs / 1000;
      arm.latency.sum += seconds;
      arm.latency.count++;
      edges.forEach((edge, index) => {
        if (seconds <= edge) arm.latency.buckets[index] = (arm.latency.buckets[index] ?? 0) + 1;
      });
    },
    feedback({ version, value }) {
      const found = feedback.get(version) ?? { count: 0, sum: 0 };
      feedback.set(version, { count: found.count + 1, sum: found.sum + value });
    },
    refused() {
      refused++;
    },
    text() {
      const each = (value: (arm: Arm) => number): string[] =>
        [...arms.values()].map((arm) => `{${arm.labels}} ${value(arm)}`);
      return [
        notice,
        family(
          'mlreg_requests_total',
          'counter',
          'Requests for which a model was asked.',
          each((arm) => arm.requests),
        ),
        family(
          'mlreg_errors_total',
          'counter',
          'Requests that failed, throttled ones included.',
          each((arm) => arm.errors),
        ),
        family(
          'mlreg_throttles_total',
          'counter',
          'Requests that SageMaker throttled.',
          each((arm) => arm.throttles),
        ),
        family(
          'mlreg_requests_without_user_total',
          'counter',
          'Requests without a user id; the champion answers them.',
          each((arm) => arm.noUserId),
        ),
        family('mlreg_refused_total', 'counter', 'Requests refused before any model was asked.', [
          `{${common}} ${refused}`,
        ]),
        family(
          'mlreg_latency_seconds',
          'histogram',
          'Time to an answer.',
          [...arms.values()].flatMap(histogram),
        ),
        family(
          'mlreg_feedback_value',
          'summary',
          'Feedback given.',
          [...feedback].flatMap(([version, { count, sum }]) => [
            `_sum{${versionLabel(version)}} ${sum}`,
            `_count{${versionLabel(version)}} ${count}`,
          ]),
        ),
        family('mlreg_start_time_seconds', 'gauge', 'When this execution environment started.', [
          `{${common}} ${startedAt / 1000}`,
        ]),
      ].join('');
    },
  };
}

function histogram({ labels, latency }: Arm): string[] {
  const buckets = edges.map((edge, index) => `_bucket{${labels},le="${edge}"} ${latency.buckets[index]}`);
  return [
    ...buckets,
    `_bucket{${labels},le="+Inf"} ${latency.count}`,
    `_sum{${labels}} ${latency.sum}`,
    `_count{${labels}} ${latency.count}`,
  ];
}

function family(name: string, type: string, help: string, samples: readonly string[]): string {
  if (samples.length === 0) return '';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join('')}`;
}

function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
