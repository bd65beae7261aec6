import type { JsonValue } from "../../codec/decoded.ts";
import type { Place } from "../../source/index.ts";
import type { ObjectPair } from "./pairs.ts";

/** One change that a rule found in one object; whether it breaks anyone is shown afterwards, with a witness. */
export interface Draft {
  /** The property that it is about. */
  readonly property: string;
  /** How a message shows it: by lacking the property, or by one of these values of it that the reader may refuse. */
  readonly shownBy: "absence" | readonly JsonValue[];
  readonly message: string;
  readonly consequence: string;
  readonly advice: string;
  /** In `after`. */
  readonly place: Place;
  readonly previous?: Place;
}

/** A rule about the data of messages that JSON Schemas describe. */
export interface DataRule {
  readonly id: string;
  /** One sentence that begins with "Checks that". */
  readonly purpose: string;
  /** Why it matters: who is hurt, and how. */
  readonly why: string;
  /** What to do instead. */
  readonly whatToDo: string;
  /** Which messages it is about: those that the contract's own application writes, or those that it reads. */
  readonly about: "written-by-owner" | "read-by-owner";
  readonly check: (pair: ObjectPair) => readonly Draft[];
}
