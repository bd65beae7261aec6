import { Fifo } from "./fifo.ts";
import type { Capture } from "./store/index.ts";
import type { TapEvent } from "./tap/envelope.ts";

/** An event with its numbers in the capture. */
export interface StoredEntry {
  readonly n: number;
  /** Of messages. */
  readonly seq?: number;
  readonly event: TapEvent;
  readonly masked: number;
}

/** What is left of an event while it waits in memory for its turn. */
export interface Waiting {
  /** The event's number in the capture. */
  readonly n: number;
  /** About what it takes. */
  readonly bytes: number;
}

/**
 * What waits in memory at most; beyond, it is read from the capture again when its turn comes. That costs half as much
 * again, and who is too slow once would be slower still from then on: so it is more than a daemon falls behind while its
 * code is still being compiled.
 */
const mostEntries = 60_000;
const mostBytes = 96 * 1024 * 1024;
const readAtOnce = 500;
const handedAtOnce = 16;

/** Who follows a capture. */
export interface Following<W extends Waiting> {
  /** What is to wait in the place of an event; in the order of the events. */
  prepare(entry: StoredEntry): W;
  /** Its turn has come, and its event is on disk. */
  take(waiting: W): void;
}

/**
 * Follows a capture: hands out what is in it in order, once it is on disk, and in pieces of time. What was just written
 * waits at hand; when more comes than is taken, the capture itself is what waits, so nothing is lost and nothing grows.
 */
export class Follower<W extends Waiting> {
  private readonly capture: Capture;
  private readonly following: Following<W>;
  private readonly entries = new Fifo<W>();
  private bytes = 0;
  /** Everything up to this number was handed out. */
  private takenN: number;
  /** What was added last is not at hand: behind `entries`, the capture is read. */
  private isBehind: boolean;

  constructor(capture: Capture, afterN: number, following: Following<W>) {
    this.capture = capture;
    this.following = following;
    this.takenN = afterN;
    this.isBehind = capture.lastN > afterN;
  }

  /** Everything up to this number was handed out. */
  get upTo(): number {
    return this.takenN;
  }

  /** Whether there is something that may be handed out now. */
  get hasWork(): boolean {
    return this.takenN < Math.min(this.capture.storedN, this.capture.lastN);
  }

  /** Whether what was just added to the capture may wait at hand: then it must be pushed, else this has fallen behind. */
  get hasRoom(): boolean {
    return !this.isBehind && this.entries.length < mostEntries && this.bytes < mostBytes;
  }

  /** What is to wait in the place of what was just added to the capture. */
  push(waiting: W): void {
    this.bytes += waiting.bytes;
    this.entries.push(waiting);
  }

  /** What was just added does not wait at hand, nor does what comes next. */
  fallBehind(): void {
    this.isBehind = true;
  }

  /** Begins again behind number `afterN`. */
  restart(afterN: number): void {
    this.entries.clear();
    this.bytes = 0;
    this.takenN = afterN;
    this.isBehind = this.capture.lastN > afterN;
  }

  /** Hands out for about so many milliseconds; returns whether there is more to do now. */
  work(budgetMs: number): boolean {
    const until = performance.now() + budgetMs;
    while (this.hasWork) {
      if (this.entries.length === 0 && this.isBehind) this.readOn();
      this.handOut();
      if (performance.now() >= until) break;
    }
    return this.hasWork;
  }

  private handOut(): void {
    const { storedN } = this.capture;
    for (let count = 0; count < handedAtOnce; count++) {
      const entry = this.entries.peek();
      // What is stored and not at hand was nothing to be handed out.
      if (entry === undefined && !this.isBehind) this.takenN = Math.max(this.takenN, storedN);
      if (entry === undefined || entry.n > storedN) break;
      this.entries.shift();
      this.bytes -= entry.bytes;
      this.takenN = entry.n;
      this.following.take(entry);
    }
  }

  private readOn(): void {
    const { capture } = this;
    const events = capture.events(this.takenN, readAtOnce);
    for (const entry of events) this.push(this.following.prepare(entry));
    const upTo = events.at(-1)?.n ?? capture.storedN;
    if (events.length === 0) this.takenN = upTo;
    // All that was added is at hand: from now on what comes is kept as well.
    if (upTo >= capture.lastN) this.isBehind = false;
  }
}
