/** One label that came with a receipt, as the router logged it. Times in milliseconds since the epoch. */
export interface Label {
  readonly rollout: string | undefined;
  /** When the request came. */
  readonly at: number;
  /** When the label came. */
  readonly givenAt: number;
  readonly arm: 'champion' | 'challenger' | 'weighted' | 'tester';
  readonly version: string;
  readonly bucket: number | undefined;
  /** Of the receipt: the same for each label that was sent with it. */
  readonly nonce: string;
  readonly value: number;
}

/** The first label of each receipt, by when it came; of labels of the same moment the first in the list. */
export function firstOfEach(labels: readonly Label[]): readonly Label[] {
  const first = new Map<string, Label>();
  for (const label of labels) {
    const known = first.get(label.nonce);
    if (known === undefined || label.givenAt < known.givenAt) first.set(label.nonce, label);
  }
  return [...first.values()];
}
