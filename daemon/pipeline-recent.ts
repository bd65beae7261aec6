import type { DecodedBody } from "../contracts/codec/index.ts";
import type { Envelope } from "./tap/envelope.ts";

/** A message with what its body says. */
export interface ReadMessage {
  readonly seq: number;
  readonly envelope: Envelope;
  readonly decoded: DecodedBody;
  /** How many secrets were masked in it. */
  readonly masked: number;
}

/** Kept while somebody takes one after the other, enough for some rounds of a busy stream, and while nobody does. */
const mostTaken = 8_000;
const mostKept = 50;
const mostBytes = 16 * 1024 * 1024;

/**
 * The newest messages, for a while: whoever follows a trace asks for them most. While nobody does, few are kept, since
 * what lives for a moment only costs the collector nothing.
 *
 * They stand in a ring by their numbers and not in a Map: where keys come and go, V8 makes a Map's table anew and links
 * the old one to it, so a single old table that has aged keeps all later ones, with everything that was ever in them,
 * until the whole heap is looked through.
 */
export class RecentMessages {
  private readonly ring: Array<ReadMessage | undefined> = Array.from({ length: mostTaken });
  /** None that is kept has a lower number. */
  private oldest = 0;
  private newest = -1;
  private count = 0;
  private bytes = 0;
  private most = mostKept;

  /** Whether somebody takes one message after the other from here on. */
  set areTaken(areTaken: boolean) {
    this.most = areTaken ? mostTaken : mostKept;
  }

  get(seq: number): ReadMessage | undefined {
    const message = this.ring[seq % mostTaken];
    return message?.seq === seq ? message : undefined;
  }

  /** Puts another reading in the place of one that is here. */
  replace(message: ReadMessage): void {
    if (this.get(message.seq) === undefined) return;
    this.drop(message.seq);
    this.put(message);
  }

  /** One that is newer than all that came before; any other is not kept. */
  add(message: ReadMessage): void {
    const { seq } = message;
    if (seq <= this.newest) return;
    // What its place belongs to goes first; after a leap of numbers that is all there was, and nothing in between.
    const from = Math.min(this.newest + 1, seq - mostTaken + 1);
    while (this.oldest < from) this.drop(this.oldest++);
    this.oldest = Math.max(this.oldest, seq - mostTaken + 1);
    this.newest = seq;
    this.put(message);
    while (this.count > this.most || (this.bytes > mostBytes && this.count > 1)) this.drop(this.oldest++);
  }

  private put(message: ReadMessage): void {
    this.ring[message.seq % mostTaken] = message;
    this.count++;
    this.bytes += message.envelope.body?.length ?? 0;
  }

  private drop(seq: number): void {
    const message = this.get(seq);
    if (message === undefined) return;
    this.ring[seq % mostTaken] = undefined;
    this.count--;
    this.bytes -= message.envelope.body?.length ?? 0;
  }
}
