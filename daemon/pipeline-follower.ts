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

/** What waits in memory at most. */
const mostEntries = 60_000;
const mostBytes = 96 * 1024 * 1024;
const readAtOnce = 500;
const handedAtOnce = 16;

/** Who follows a capture. */
export interface Following<W extends Waiting> {
  /** What is to wait in the place of an event that was read from the capture. */
  prepare(entry: StoredEntry): W;
  /** Its turn has come, and its event is on disk. */
  take(waiting: W): void;
}

/**
 * Follows a capture: hands out what is in it in order, once it is on disk, and in pieces of time. What was just written
 * waits at hand. What may not is left out, and read from the capture when its turn comes: so nothing is lost and nothing
 * grows. That costs half as much again, so what comes after a gap waits at hand once more, and only the gap is read.
 */
export class Follower<W extends Waiting> {
  private readonly capture: Capture;
  private readonly following: Following<W>;
  /** What is next; behind it is the gap up to a number, where there is one, and behind that what came later. */
  private readonly next = new Fifo<W>();
  private readonly later = new Fifo<W>();
  private gapUpTo: number | undefined;
  private bytes = 0;
  private laterBytes = 0;
  /** Everything up to this number was handed out. */
  private takenN = 0;

  constructor(capture: Capture, afterN: number, following: Following<W>) {
    this.capture = capture;
    this.following = following;
    this.restart(afterN);
  }

  /** Everything up to this number was handed out. */
  get upTo(): number {
    return this.takenN;
  }

  /** Whether there is something that may be handed out now. */
  get hasWork(): boolean {
    return this.takenN < Math.min(this.capture.storedN, this.capture.lastN);
  }

  /** Whether what was just added to the capture may wait at hand: then `push` must follow, else `leaveOut`. */
  get hasRoom(): boolean {
    return this.next.length + this.later.length < mostEntries && this.bytes + this.laterBytes < mostBytes;
  }

  /** What is to wait in the place of what was just added to the capture. */
  push(waiting: W): void {
    if (this.gapUpTo === undefined) this.line(waiting);
    else {
      this.laterBytes += waiting.bytes;
      this.later.push(waiting);
    }
  }

  /** What was just added to the capture does not wait at hand. */
  leaveOut(): void {
    this.later.clear();
    this.laterBytes = 0;
    this.gapUpTo = this.capture.lastN;
  }

  /** Begins again behind number `afterN`. */
  restart(afterN: number): void {
    this.next.clear();
    this.bytes = 0;
    this.takenN = afterN;
    this.leaveOut();
    this.closeGap(afterN);
  }

  /** Hands out for about so many milliseconds; returns whether there is more to do now. */
  work(budgetMs: number): boolean {
    const until = performance.now() + budgetMs;
    while (this.hasWork) {
      if (this.next.length === 0) this.readGap();
      this.handOut();
      if (performance.now() >= until) break;
    }
    return this.hasWork;
  }

  private handOut(): void {
    const { storedN } = this.capture;
    for (let count = 0; count < handedAtOnce; count++) {
      const waiting = this.next.peek();
      // What is stored and not at hand was nothing to be handed out.
      if (waiting === undefined && this.gapUpTo === undefined) this.takenN = Math.max(this.takenN, storedN);
      if (waiting === undefined || waiting.n > storedN) break;
      this.next.shift();
      this.bytes -= waiting.bytes;
      this.takenN = waiting.n;
      this.following.take(waiting);
    }
  }

  private readGap(): void {
    const { gapUpTo, capture } = this;
    if (gapUpTo === undefined) return;
    const { storedN } = capture;
    const events = capture.events(this.takenN, readAtOnce).filter(({ n }) => n <= gapUpTo);
    for (const entry of events) this.line(this.following.prepare(entry));
    if (events.length === 0) this.takenN = Math.max(this.takenN, Math.min(storedN, gapUpTo));
    this.closeGap(events.at(-1)?.n ?? this.takenN);
  }

  /** All up to `n` is at hand or was taken: where that is all of the gap, what came later is next. */
  private closeGap(n: number): void {
    if (this.gapUpTo === undefined || n < this.gapUpTo) return;
    this.gapUpTo = undefined;
    this.laterBytes = 0;
    for (let waiting = this.later.shift(); waiting !== undefined; waiting = this.later.shift()) this.line(waiting);
  }

  private line(waiting: W): void {
    this.bytes += waiting.bytes;
    this.next.push(waiting);
  }
}
