import type { JsonValue } from "../codec/decoded.ts";
import type { DocumentNode, Place } from "../source/index.ts";
import type { Dialect, Side } from "./model.ts";

/** One kind of message of a contract whose data a JSON Schema describes: a body, or the headers beside it. */
export interface DataMessage {
  /** Equal for the same message in two versions of a contract. */
  readonly key: string;
  /** Messages of one group that are alone without a partner in both versions are the same one, renamed. */
  readonly group: string;
  /** `GET /orders/{id} 200 application/json`, or `send OrderPlaced on orders.placed`. */
  readonly name: string;
  /** As it reads in a sentence: `the 200 response of GET /orders/{id}`. */
  readonly subject: string;
  /** Whether the application that the document describes writes it, and others read it; else the other way round. */
  readonly ownerWrites: boolean;
  /** For `readOnly` and `writeOnly`, where the contract knows requests and responses. */
  readonly side?: Side;
  /** The file in which the schema stands. */
  readonly path: string;
  readonly schema: DocumentNode;
  readonly dialect: Dialect;
  /** Its name in the contract. */
  readonly place: Place;
  /** A whole example that the contract gives. */
  readonly example?: JsonValue;
}
