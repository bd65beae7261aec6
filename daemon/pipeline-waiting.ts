import type { MessageDefinition } from "../contracts/codec/index.ts";
import type { ExtractedDelivery, ExtractedMessage } from "./correlate/model.ts";
import { sizeOf } from "./envelope-size.ts";
import type { MessageFacts } from "./pipeline-facts.ts";
import type { StoredEntry, Waiting } from "./pipeline-follower.ts";
import type { TapEvent } from "./tap/envelope.ts";

/** A message that was read: what correlation and views need of it. */
export interface WaitingMessage extends Waiting {
  readonly kind: "message";
  readonly extracted: ExtractedMessage;
  readonly facts: MessageFacts;
  readonly definition: MessageDefinition | undefined;
  readonly masked: number;
}

/** That a message was handed out. */
export interface WaitingDelivery extends Waiting {
  readonly kind: "delivery";
  readonly extracted: ExtractedDelivery;
  readonly receivedAt: number;
  readonly masked: number;
}

/** What is small anyway, or a message that will be read when its turn comes. */
export interface WaitingEvent extends Waiting {
  readonly kind: "event";
  readonly entry: StoredEntry & { readonly event: Exclude<TapEvent, { readonly kind: "delivery" }> };
}

export type WaitingInTurn = WaitingMessage | WaitingDelivery | WaitingEvent;

export function waitingEvent(entry: WaitingEvent["entry"]): WaitingEvent {
  const { n, event } = entry;
  return { kind: "event", n, bytes: event.kind === "message" ? 1_024 + sizeOf(event.envelope) : 256, entry };
}
