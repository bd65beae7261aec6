import type { DecodedBody } from "../contracts/codec/index.ts";
import { OldestFirst } from "./oldest-first.ts";
import type { Envelope } from "./tap/envelope.ts";

/** A message with what its body says. */
export interface ReadMessage {
  readonly seq: number;
  readonly envelope: Envelope;
  readonly decoded: DecodedBody;
  /** How many secrets were masked in it. */
  readonly masked: number;
}

/** Kept while somebody takes one after the other, enough for a round of a busy stream, and while nobody does. */
const mostTaken = 2_000;
const mostKept = 50;
const mostBytes = 16 * 1024 * 1024;

/**
 * The newest messages, for a while: whoever follows a trace asks for them most. While nobody does, few are kept, since
 * what lives for a moment only costs the collector nothing.
 */
export class RecentMessages {
  private readonly messages = new OldestFirst<number, ReadMessage>();
  private bytes = 0;
  private most = mostKept;

  /** Whether somebody takes one message after the other from here on. */
  set areTaken(areTaken: boolean) {
    this.most = areTaken ? mostTaken : mostKept;
  }

  get(seq: number): ReadMessage | undefined {
    return this.messages.get(seq);
  }

  /** Puts another reading in the place of one that is here. */
  replace(message: ReadMessage): void {
    if (this.messages.has(message.seq)) this.messages.set(message.seq, message);
  }

  add(message: ReadMessage): void {
    this.messages.set(message.seq, message);
    this.bytes += message.envelope.body?.length ?? 0;
    while (this.messages.size > this.most || (this.bytes > mostBytes && this.messages.size > 1)) {
      this.bytes -= this.messages.shift()?.envelope.body?.length ?? 0;
    }
  }
}
