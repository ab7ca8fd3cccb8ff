/**
 * Upper edges in milliseconds of the buckets that latency is read in; one more bucket is slower than all. Each edge costs
 * one statistic an arm and tick (about $0.00001), and the wider the steps the less of a small slowdown is seen: at a
 * factor of 1.3 nearly all of what the finest would show.
 */
export const latencyEdges = [
  5, 6.5, 8, 10, 13, 17, 22, 28, 36, 46, 60, 77, 100, 130, 170, 220, 280, 360, 460, 600, 770, 1000, 1300,
  1700, 2200, 2800, 3600, 5000,
] as const;
