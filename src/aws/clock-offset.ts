/**
 * How far AWS's clock is ahead of this machine's, by the Date headers of its answers. They have no fractions of a
 * second, and take a while to come, so the least of the recent differences that fit is kept and a second is ignored.
 */
export interface ClockOffset {
  /** `sentAt` and `receivedAt` by this machine's clock. */
  heard(date: string | undefined, sentAt: number, receivedAt: number): void;
  /** Milliseconds to add to this machine's time to have AWS's. 0: unknown, or within a second. */
  ms(): number;
}

const ignoredMs = 1_000;
/** An answer that took longer tells too little. */
const slowMs = 5_000;

export function createClockOffset(): ClockOffset {
  let offset = 0;
  return {
    heard(date, sentAt, receivedAt) {
      const at = date === undefined ? NaN : Date.parse(date);
      if (Number.isNaN(at) || receivedAt < sentAt || receivedAt - sentAt > slowMs) return;
      // AWS stamped it within [at, at + 1 s), while this machine's clock was within [sentAt, receivedAt].
      const [least, most] = [at - receivedAt, at + ignoredMs - sentAt];
      if (offset >= least && offset <= most) return;
      offset = (least + most) / 2;
    },
    ms: () => (Math.abs(offset) > ignoredMs ? Math.round(offset / 1_000) * 1_000 : 0),
  };
}
