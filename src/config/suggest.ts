/**
 * The known word that was most likely meant, if any is near: `error_rate` -> `errorRate`, `guardrial` -> `guardrail`,
 * `production` -> `prod`.
 */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const same = known.find((word) => plain(word) === plain(written));
  if (same !== undefined) return same;
  const longer = known.find(
    (word) =>
      word.length > 2 &&
      (plain(written).startsWith(plain(word)) ||
        (written.length > 2 && plain(word).startsWith(plain(written)))),
  );
  if (longer !== undefined) return longer;
  const limit = Math.max(1, Math.floor(written.length / 3));
  let best: { readonly word: string; readonly far: number } | undefined;
  for (const word of known) {
    const far = distance(plain(written), plain(word));
    if (far <= limit && far < (best?.far ?? Infinity)) best = { word, far };
  }
  return best?.word;
}

/** Letters to put in, take out, change or swap with their neighbour. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64) return Infinity;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1)
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? Infinity;
}
