import type { DecodedBody } from "../contracts/codec/index.ts";
import { sizeOf } from "./envelope-size.ts";
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
  /** What a message's body says, where that is known already. */
  readonly decoded?: DecodedBody;
}

/**
 * What waits in memory at most; beyond, it is read from the capture again when its turn comes. That costs half as much
 * again, so it is about what a daemon falls behind while its code is still being compiled: no later delay then makes this
 * list longer than it was in the first minute.
 */
const mostEntries = 30_000;
const mostBytes = 64 * 1024 * 1024;
const readAtOnce = 500;
const handedAtOnce = 16;
/** What a body says may take many times its bytes: of larger ones it is read again when their turn comes. */
const mostDecodedBytes = 32 * 1024;

/**
 * Follows a capture: hands out what is in it in order, once it is on disk, and in pieces of time. What was just written
 * is kept at hand; when more comes than is taken, the capture itself is what waits, so nothing is lost and nothing grows.
 */
export class Follower {
  private readonly capture: Capture;
  private readonly take: (entry: StoredEntry) => void;
  private readonly entries = new Fifo<StoredEntry>();
  private bytes = 0;
  /** Everything up to this number was handed out. */
  private takenN: number;
  /** What was added last is not at hand: behind `entries`, the capture is read. */
  private isBehind: boolean;

  constructor(capture: Capture, afterN: number, take: (entry: StoredEntry) => void) {
    this.capture = capture;
    this.take = take;
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

  /** What was just added to the capture. */
  push(entry: StoredEntry): void {
    if (this.isBehind) return;
    if (this.entries.length >= mostEntries || this.bytes >= mostBytes) this.isBehind = true;
    else this.keep(entry);
  }

  /** What comes next is not kept at hand. */
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
      this.bytes -= bytesOf(entry);
      this.takenN = entry.n;
      this.take(entry);
    }
  }

  private readOn(): void {
    const { capture } = this;
    const events = capture.events(this.takenN, readAtOnce);
    for (const entry of events) this.keep(entry);
    const upTo = events.at(-1)?.n ?? capture.storedN;
    if (events.length === 0) this.takenN = upTo;
    // All that was added is at hand: from now on what comes is kept as well.
    if (upTo >= capture.lastN) this.isBehind = false;
  }

  private keep(entry: StoredEntry): void {
    const bytes = bytesOf(entry);
    this.bytes += bytes;
    if (bytes <= mostDecodedBytes || entry.decoded === undefined) this.entries.push(entry);
    else {
      const { decoded: _, ...rest } = entry;
      this.entries.push(rest);
    }
  }
}

function bytesOf({ event }: StoredEntry): number {
  if (event.kind === "message") return 1_024 + sizeOf(event.envelope);
  if (event.kind === "delivery") return 1_024 + sizeOf(event.delivery.message);
  return 256;
}
