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

/** The newest messages, for a while: deliveries follow on their heels, and views ask for them most. */
export class RecentMessages {
  private readonly messages = new OldestFirst<number, ReadMessage>();
  private bytes = 0;

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
    while (this.messages.size > 2_000 || (this.bytes > 16 * 1024 * 1024 && this.messages.size > 1)) {
      this.bytes -= this.messages.shift()?.envelope.body?.length ?? 0;
    }
  }
}
