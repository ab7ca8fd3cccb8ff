import type { Random } from '../random.ts';

/** Who sends requests, and how each fares. Everything is by user. */
export interface Population {
  /** Shares of the requests, sum 1. */
  readonly share: Float64Array;
  readonly bucket: Int32Array;
  /** Probability that the champion fails a request. */
  readonly error: Float64Array;
  /** The same of the challenger. */
  readonly challengerError: Float64Array;
  /** Factor on the latency. */
  readonly speed: Float64Array;
}

export interface PopulationKind {
  readonly users: number;
  /** Exponent of the requests by user: the k-th busiest sends 1/k^zipf. */
  readonly zipf: number;
  /** Mean error rate of the champion, and Beta's first parameter over users; null: the same for all. */
  readonly errorRate: number;
  readonly beta: number | null;
  /** Deviation of the logarithm of users' latency. */
  readonly speedSd?: number;
  /** Clients beside the users, each with a share of all requests and an error rate of its own. */
  readonly bots?: { readonly count: number; readonly share: number; readonly errorRate: number };
  /** What is wrong with the challenger: added to each user's error rate (bots as well), times it, or always for some users. */
  readonly fault?:
    | { readonly kind: 'added'; readonly rate: number }
    | { readonly kind: 'times'; readonly factor: number }
    | { readonly kind: 'some-users'; readonly share: number };
}

export function drawPopulation(kind: PopulationKind, random: Random): Population {
  const bots = kind.bots?.count ?? 0;
  const size = kind.users + bots;
  const share = new Float64Array(size);
  const error = new Float64Array(size);
  const speed = new Float64Array(size).fill(1);
  const ofBots = kind.bots ? kind.bots.count * kind.bots.share : 0;
  let weight = 0;
  for (let user = 0; user < kind.users; user++) weight += (user + 1) ** -kind.zipf;
  for (let user = 0; user < size; user++) {
    const isBot = user >= kind.users;
    share[user] = isBot ? kind.bots!.share : ((1 - ofBots) * (user + 1) ** -kind.zipf) / weight;
    error[user] = isBot
      ? kind.bots!.errorRate
      : kind.beta === null
        ? kind.errorRate
        : beta(random, kind.beta, (kind.beta * (1 - kind.errorRate)) / kind.errorRate);
    if (!isBot && kind.speedSd) speed[user] = Math.exp(kind.speedSd * random.normal());
  }
  const bucket = Int32Array.from({ length: size }, () => Math.floor(1000 * random.uniform()));
  const challengerError = error.map((own, user) => faulty(kind, own, user < kind.users, random));
  return { share, bucket, error, challengerError, speed };
}

function faulty({ fault }: PopulationKind, own: number, isUser: boolean, random: Random): number {
  if (fault === undefined) return own;
  switch (fault.kind) {
    case 'added':
      return Math.min(1, own + fault.rate);
    case 'times':
      return Math.min(1, own * fault.factor);
    case 'some-users':
      return isUser && random.uniform() < fault.share ? 1 : own;
  }
}

function beta(random: Random, a: number, b: number): number {
  const [x, y] = [gamma(random, a), gamma(random, b)];
  return x + y > 0 ? x / (x + y) : 0;
}

/** Marsaglia and Tsang 2000; below shape 1 by the power of a uniform number. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Draws users by their share of the requests in constant time (Walker's aliases, Vose's tables). */
export function userSampler({ share }: Population, random: Random): () => number {
  const n = share.length;
  const scaled = share.map((own) => own * n);
  const alias = new Int32Array(n);
  const cut = new Float64Array(n).fill(1);
  const small: number[] = [];
  const large: number[] = [];
  scaled.forEach((own, user) => (own < 1 ? small : large).push(user));
  while (small.length > 0 && large.length > 0) {
    const [less, more] = [small.pop()!, large.at(-1)!];
    cut[less] = scaled[less]!;
    alias[less] = more;
    scaled[more] = scaled[more]! - (1 - scaled[less]!);
    if (scaled[more]! < 1) small.push(large.pop()!);
  }
  return () => {
    const at = random.uniform() * n;
    const user = Math.floor(at);
    return at - user < cut[user]! ? user : alias[user]!;
  };
}
