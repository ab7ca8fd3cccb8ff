/** One rule of the source, broken on purpose: a test that passes over it checks nothing. */
export interface Mutant {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** What happens to users or records where the rule is missing. */
  readonly danger: string;
  /** Test files under `test/`, without `.test.ts`: each of them alone must fail. The cheapest comes first. */
  readonly caughtBy: readonly [string, ...string[]];
}
