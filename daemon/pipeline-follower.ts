import type { DecodedBody } from "../contracts/codec/index.ts";
import type { Capture } from "./store/index.ts";
import type { TapEvent } from "./tap/envelope.ts";

/** An event with its numbers in the capture. */
export interface StoredEntry {
  readonly n: number;
  /** Of messages. */
  readonly seq?: number;
  readonly event: TapEvent;
  readonly masked: number;
  /** What a message's body says, where that is known already. */
  readonly decoded?: DecodedBody;
}

/** What waits in memory at most; beyond, it is read from the capture again when its turn comes. */
const mostEntries = 20_000;
const mostBytes = 32 * 1024 * 1024;
const readAtOnce = 250;

/**
 * Follows a capture: hands out what is in it in order, once it is on disk, and in pieces of time. What was just written
 * is kept at hand; when more comes than is taken, the capture itself is what waits, so nothing is lost and nothing grows.
 */
export class Follower {
  private readonly capture: Capture;
  private readonly take: (entry: StoredEntry) => void;
  private entries: StoredEntry[] = [];
  private head = 0;
  private bytes = 0;
  /** Everything up to this number was handed out. */
  private takenN: number;
  /** Nothing is at hand: what comes next is read from the capture. */
  private fromCapture: boolean;

  constructor(capture: Capture, afterN: number, take: (entry: StoredEntry) => void) {
    this.capture = capture;
    this.take = take;
    this.takenN = afterN;
    this.fromCapture = capture.lastN > afterN;
  }

  /** Everything up to this number was handed out. */
  get upTo(): number {
    return this.takenN;
  }

  /** Whether there is something that may be handed out now. */
  get hasWork(): boolean {
    return this.takenN < Math.min(this.capture.storedN, this.capture.lastN);
  }

  /** What was just added to the capture. */
  push(entry: StoredEntry): void {
    if (this.fromCapture) return;
    this.entries.push(entry);
    this.bytes += bytesOf(entry);
    if (this.entries.length - this.head <= mostEntries && this.bytes <= mostBytes) return;
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.fromCapture = true;
  }

  /** Begins again behind number `afterN`. */
  restart(afterN: number): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.takenN = afterN;
    this.fromCapture = this.capture.lastN > afterN;
  }

  /** Hands out for about so many milliseconds; returns whether there is more to do now. */
  work(budgetMs: number): boolean {
    const until = performance.now() + budgetMs;
    do {
      if (!this.hasWork) return false;
      if (this.fromCapture) this.workFromCapture(until);
      else this.workFromMemory();
    } while (performance.now() < until);
    return this.hasWork;
  }

  private workFromMemory(): void {
    const { storedN } = this.capture;
    for (let count = 0; count < 16; count++) {
      const entry = this.entries[this.head];
      if (entry === undefined || entry.n > storedN) {
        // What is stored and not at hand was an entry of no interest here.
        if (entry === undefined) this.takenN = Math.max(this.takenN, storedN);
        break;
      }
      this.head++;
      this.bytes -= bytesOf(entry);
      this.takenN = entry.n;
      this.take(entry);
    }
    if (this.head > 4_096 || this.head === this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  private workFromCapture(until: number): void {
    const stored = this.capture.storedN;
    const events = this.capture.events(this.takenN, readAtOnce);
    for (const entry of events) {
      if (entry.n > stored) break;
      this.takenN = entry.n;
      this.take(entry);
      if (performance.now() >= until) return;
    }
    if (events.length === 0) this.takenN = stored;
    // All that was written is taken: from now on what comes is at hand.
    if (this.takenN >= this.capture.lastN) this.fromCapture = false;
  }
}

function bytesOf({ event }: StoredEntry): number {
  if (event.kind === "message") return 1_024 + (event.envelope.body?.length ?? 0);
  if (event.kind === "delivery") return 1_024 + (event.delivery.message.body?.length ?? 0);
  return 256;
}
