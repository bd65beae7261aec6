/**
 * Where the fields of a body lie in its bytes, and which type the contract gives each: for somebody who has a message
 * open. It is made when it is asked for and never while messages come in.
 */
import type { Place } from "../source/index.ts";

/** What is known of one field beside its value. */
export interface FieldFacts {
  /** As the contract has it: `int32 = 3`, `Line[] = 4`, `string (date-time)`. */
  readonly type?: string;
  /** Its first byte in the body and how many there are, its tag or key with it. Absent where it lies in several places. */
  readonly bytes?: readonly [offset: number, length: number];
}

/** A field that stands in the bytes and is not in the value: the contract does not know it, or knows it as another type. */
export interface UnreadField {
  /** The way to the message that it stands in, dotted; empty for the root. */
  readonly parent: string;
  /** The name that the contract has for its number; else `#7`. */
  readonly name: string;
  readonly type?: string;
  /** What stood on the wire: `12`, `"A-1107"`, `16 bytes`. */
  readonly wire: string;
  readonly bytes: readonly [offset: number, length: number];
  /** What is wrong with it, as a violation says it. */
  readonly message: string;
  /** Where the contract says otherwise. */
  readonly place?: Place;
}

export interface FieldMap {
  /** By the dotted way from the root: `lines.0.quantity`. */
  readonly fields: ReadonlyMap<string, FieldFacts>;
  readonly unread: readonly UnreadField[];
}

export const noFields: FieldMap = { fields: new Map(), unread: [] };

/** Fields beyond this number have no facts: nobody looks at so many of one message. */
export const mostFields = 5_000;

/** The way to a member: dotted, without a dot in front. */
export function wayTo(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** Types and places as the facts of each field. */
export function factsOf(
  types: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, readonly [offset: number, length: number]>,
): FieldMap["fields"] {
  const facts = new Map<string, FieldFacts>();
  for (const [way, bytes] of places) facts.set(way, { bytes });
  for (const [way, type] of types) facts.set(way, { ...facts.get(way), type });
  return facts;
}
