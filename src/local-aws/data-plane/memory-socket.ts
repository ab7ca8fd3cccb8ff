import { Duplex } from 'node:stream';

/**
 * Two ends of a connection inside this process: what is written to one is read from the other, in order, with
 * back-pressure, never within the call that writes it. node:http takes an end for a socket; a TCP connection to oneself
 * costs four times the CPU, nearly all of it system calls.
 */
export function memorySockets(): readonly [Duplex, Duplex] {
  const a = new End();
  const b = new End();
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** A class, for node:stream wants one. The setters are those that node:http calls on sockets without asking for them. */
class End extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  peer: End | undefined;
  /** Tells the peer that there is room again. */
  private roomAgain: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: false });
  }

  override _read(): void {
    const { roomAgain } = this;
    this.roomAgain = undefined;
    roomAgain?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    process.nextTick(deliver, this.peer, chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    process.nextTick(deliver, this.peer, Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    process.nextTick(deliver, this.peer, null, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { peer } = this;
    this.peer = undefined;
    this.roomAgain = undefined;
    // As a reset does: the other end is closed, and what it still writes goes nowhere.
    if (peer) process.nextTick(() => peer.destroy());
    done(error);
  }

  /** @param chunk null for the end */
  static deliver(to: End | undefined, chunk: Buffer | null, done: () => void): void {
    if (to === undefined || to.destroyed || to.readableEnded || to.push(chunk) || chunk === null) done();
    else to.roomAgain = done;
  }

  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

const { deliver } = End;
