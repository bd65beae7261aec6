/** What a capture hands out, and what it keeps at most. */
import type { Envelope, TapEvent } from "../tap/envelope.ts";

export interface StoredMessage {
  readonly seq: number;
  readonly envelope: Envelope;
  readonly masked: number;
}

/** One thing that a tap saw, in order; `seq` is the message's number, or the one that a delivery belongs to. */
export interface StoredEvent {
  readonly n: number;
  readonly seq?: number;
  readonly masked: number;
  readonly event: TapEvent;
}

export interface CaptureLimits {
  readonly bytes: number;
  readonly ageMs: number;
  /** Absent: as many as the other limits allow. */
  readonly messages?: number;
}

export const defaultLimits: CaptureLimits = { bytes: 1024 ** 3, ageMs: 24 * 60 * 60 * 1000, messages: 3_000_000 };

/** A message as a search reads it. */
export interface SearchableMessage {
  readonly seq: number;
  /** Channel, key, headers and body. */
  readonly text: string;
  /** The decoded body as JSON, where it has one. */
  readonly decoded: string | null;
  /** Whether contracts were asked what it means when it was recorded. */
  readonly isRead: boolean;
}
