/** What the capture and its index thread tell each other: how far the index goes, and that it is time to end. */

export interface IndexWorkerData {
  readonly capture: string;
  readonly captureId: string;
  readonly index: string;
  /** SQLite's module for full-text search: `fts5`. */
  readonly module: string;
  readonly control: SharedArrayBuffer;
}

const running = 0;
const asked = 1;
const over = 2;

/** A view on the memory that both threads share: 4 bytes state, 4 unused, 8 bytes number. */
export class ControlView {
  static readonly bytes = 16;
  private readonly state: Int32Array;
  private readonly upTo: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.state = new Int32Array(memory, 0, 1);
    this.upTo = new BigInt64Array(memory, 8, 1);
  }

  get indexedUpTo(): number {
    return Number(Atomics.load(this.upTo, 0));
  }

  set indexedUpTo(seq: number) {
    Atomics.store(this.upTo, 0, BigInt(seq));
  }

  get isAskedToEnd(): boolean {
    return Atomics.load(this.state, 0) !== running;
  }

  /** In the thread: sleeps until it is asked to end, or for `ms`. */
  wait(ms: number): void {
    Atomics.wait(this.state, 0, running, ms);
  }

  /** In the thread: everything is closed. */
  ended(): void {
    Atomics.store(this.state, 0, over);
    Atomics.notify(this.state, 0);
  }

  /** In the capture: asks the thread to end and waits for it; returns whether it did so in time. */
  end(withinMs: number): boolean {
    Atomics.compareExchange(this.state, 0, running, asked);
    Atomics.notify(this.state, 0);
    return Atomics.wait(this.state, 0, asked, withinMs) !== "timed-out";
  }
}
