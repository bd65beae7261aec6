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

/** What waits only in the capture: all from what was handed out before it up to a number. */
class Gap {
  upTo: number;

  constructor(upTo: number) {
    this.upTo = upTo;
  }
}

/**
 * Follows a capture: hands out what is in it in order, once it is on disk, and in pieces of time. What was just written
 * waits at hand. What may not is left out, and read from the capture when its turn comes: so nothing is lost and nothing
 * grows. That costs half as much again, so no more is left out than must be.
 */
export class Follower<W extends Waiting> {
  private readonly capture: Capture;
  private readonly following: Following<W>;
  private readonly line = new Fifo<W | Gap>();
  /** What was read of the gap that is first in line: it comes before all that is in line. */
  private readonly read = new Fifo<W>();
  private bytes = 0;
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
    return this.line.length < mostEntries && this.bytes < mostBytes;
  }

  /** What is to wait in the place of what was just added to the capture. */
  push(waiting: W): void {
    this.bytes += waiting.bytes;
    this.line.push(waiting);
  }

  /** What was just added to the capture does not wait at hand. */
  leaveOut(): void {
    const { last } = this.line;
    if (last instanceof Gap) last.upTo = this.capture.lastN;
    else this.line.push(new Gap(this.capture.lastN));
  }

  /** Begins again behind number `afterN`. */
  restart(afterN: number): void {
    this.line.clear();
    this.read.clear();
    this.bytes = 0;
    this.takenN = afterN;
    if (this.capture.lastN > afterN) this.leaveOut();
  }

  /** Hands out for about so many milliseconds; returns whether there is more to do now. */
  work(budgetMs: number): boolean {
    const until = performance.now() + budgetMs;
    while (this.hasWork) {
      this.handOut();
      if (performance.now() >= until) break;
    }
    return this.hasWork;
  }

  private handOut(): void {
    const { storedN } = this.capture;
    for (let count = 0; count < handedAtOnce; count++) {
      const waiting = this.read.peek() ?? this.line.peek();
      if (waiting instanceof Gap) return this.readOn(waiting);
      // What is stored and not in line was nothing to be handed out.
      if (waiting === undefined) this.takenN = Math.max(this.takenN, storedN);
      if (waiting === undefined || waiting.n > storedN) return;
      if (this.read.shift() === undefined) {
        this.line.shift();
        this.bytes -= waiting.bytes;
      }
      this.takenN = waiting.n;
      this.following.take(waiting);
    }
  }

  /** Reads some more of the gap, or closes it. */
  private readOn(gap: Gap): void {
    const { capture } = this;
    const upTo = Math.min(gap.upTo, capture.storedN);
    for (const entry of capture.events(this.takenN, readAtOnce)) {
      if (entry.n <= upTo) this.read.push(this.following.prepare(entry));
    }
    if (this.read.length > 0) return;
    this.takenN = Math.max(this.takenN, upTo);
    if (this.takenN >= gap.upTo) this.line.shift();
  }
}
