import type { Place, RelatedPlace, TextEdit } from "../source/index.ts";

export type Format = "proto" | "openapi" | "asyncapi";

/**
 * Where a break is felt. `wire`: the bytes of a message; `json`: its JSON form; `source`: code generated
 * from or written against the contract, which no message can show.
 */
export type Surface = "wire" | "json" | "source";

/**
 * `breaking` on wire or json carries a witness that two judges confirmed; `compatible` rests on an argument
 * over all messages; whatever is neither is `unknown`, said as such and never shown as an error.
 */
export type Verdict = "compatible" | "breaking" | "unknown";

/** Who is hurt. Readers are old or new by the version of the contract that they were built with. */
export type Party = "old-readers" | "new-readers" | "generated-code";

/** One of the two versions compared: `before` is the baseline, `after` what is being edited. */
export type Version = "before" | "after";

/** One difference between two versions of a contract, with a verdict, a place and words. */
export interface Finding {
  /** The id that users know: buf's `FIELD_SAME_TYPE`, oasdiff's `response-required-property-removed`. */
  readonly ruleId: string;
  readonly format: Format;
  readonly verdict: Verdict;
  /**
   * What it weighs where it does not fail a check by itself: a break that only some readers suffer from (`warning`), or
   * advice (`hint`). Absent: the verdict alone decides.
   */
  readonly severity?: "warning" | "hint";
  readonly surfaces: readonly Surface[];
  readonly affected: readonly Party[];
  /** Names of the reader profiles under which this breaks; empty where only `source` breaks. */
  readonly profiles: readonly string[];
  /** One sentence: which element, in quotes, changed how. No witness in it. */
  readonly message: string;
  /** One or two sentences: who breaks and how, for example "Readers built before this change take ...". */
  readonly consequence: string;
  /** What to do instead, in one sentence. */
  readonly advice: string;
  /** Where to show it. In `after`; or in `before`, when its file is gone. */
  readonly place: Place;
  readonly placeVersion: Version;
  /** The old place, when there is one. */
  readonly previous?: Place;
  readonly related?: readonly RelatedPlace[];
  readonly witness?: Witness;
  /** Why the verdict is `unknown`, when it is. */
  readonly reason?: string;
  readonly fixes?: readonly Fix[];
}

/** A concrete message that one side may write and the other side cannot read as it was meant. */
export interface Witness {
  readonly surface: "wire" | "json";
  readonly writer: Version;
  readonly reader: Version;
  /** What kind of message this is: `shop.v1.OrderPlaced`, or `GET /orders/{id} 200 application/json`. */
  readonly messageName: string;
  /** What the reader takes it for, where that is another kind of message: the new request type of an rpc. */
  readonly readAs?: string;
  /** The message as the writer means it: JSON text, indented by two spaces. */
  readonly written: string;
  /** The bytes on the wire, where they are not simply the UTF-8 of `written`. */
  readonly bytes?: Uint8Array;
  /** What the reader makes of it, field by field; never empty. */
  readonly observations: readonly Observation[];
  /** Who confirmed it; at least two, one of them not ours, before it is shown. */
  readonly judges: readonly Judgement[];
}

export type Outcome =
  /** The value is not there for the reader any more. */
  | "lost"
  /** The reader sees another value than was written. */
  | "garbled"
  /** The reader cannot read the message at all. */
  | "unreadable"
  /** The reader sees the default instead of the value. */
  | "defaulted"
  /** The value went into the reader's unknown fields. */
  | "moved-into-unknown"
  /** The reader's validation refuses the value. */
  | "rejected";

export interface Observation {
  /** A dotted path into the message, `items[0].quantity`; empty for the whole. */
  readonly path: string;
  readonly outcome: Outcome;
  /** The value written and the value read, as JSON text, where there is one. */
  readonly wrote?: string;
  readonly read?: string;
  /** The reader's own words, for example a validator's message. */
  readonly detail?: string;
}

export interface Judgement {
  /** `contrail`, `protobufjs`, `ajv`, ... */
  readonly judge: string;
  readonly external: boolean;
  readonly confirms: boolean;
}

/** A quick fix: what it does, in the imperative, and its edits in the `after` texts. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  readonly preferred?: boolean;
}
