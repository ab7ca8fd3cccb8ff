import { Duplex } from 'node:stream';

/**
 * Two ends of a connection inside this process: what is written to one is read from the other, in order, with
 * back-pressure, never within the call that writes it. node:http takes an end for a socket.
 */
export function memorySockets(): readonly [Duplex, Duplex] {
  const ends: Duplex[] = [];
  /** By reader: tells the writer that there is room again. */
  const roomAgain: ((() => void) | undefined)[] = [];
  const deliver = (to: number, chunk: Buffer | null, done: () => void): void => {
    const reader = ends[to] as Duplex;
    if (reader.destroyed || reader.readableEnded || reader.push(chunk) || chunk === null) done();
    else roomAgain[to] = done;
  };
  const end = (self: number, other: number): Duplex =>
    asSocket(
      new Duplex({
        allowHalfOpen: false,
        read() {
          const go = roomAgain[self];
          roomAgain[self] = undefined;
          go?.();
        },
        write: (chunk: Buffer, _encoding, done) => process.nextTick(deliver, other, chunk, done),
        final: (done) => process.nextTick(deliver, other, null, done),
        destroy(error, done) {
          // As a reset does: the other end is closed, and what it still writes goes nowhere.
          process.nextTick(() => {
            const go = roomAgain[self];
            roomAgain[self] = undefined;
            go?.();
            ends[other]?.destroy();
          });
          done(error);
        },
      }),
    );
  const a = end(0, 1);
  const b = end(1, 0);
  ends.push(a, b);
  return [a, b];
}

/** With what node:http calls on a socket without asking whether it is there. */
export function asSocket(duplex: Duplex): Duplex {
  const same = (): Duplex => duplex;
  return Object.assign(duplex, {
    remoteAddress: '127.0.0.1',
    setTimeout: same,
    setNoDelay: same,
    setKeepAlive: same,
    ref: same,
    unref: same,
  });
}
