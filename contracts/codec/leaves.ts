/**
 * Where the single values of a binary body stand in its bytes, each with the names that lead to it: what is needed to put
 * something else in the place of one without moving the others.
 */
import type { SecretPath } from "./decoded.ts";

/** How a value is written. A number is written again with as many bits, so that it takes as many bytes. */
export type LeafForm =
  /** Its bytes are the value: texts and bytes. */
  | "bytes"
  /** Seven bits a byte, the lowest first; the bits as they stand, whatever sign they mean. */
  | "varint"
  /** The same with the sign in the lowest bit. */
  | "zigzag"
  /** An unsigned number, the lowest or the highest byte first. */
  | "little"
  | "big"
  /** Two's complement, the highest byte first. */
  | "signed big"
  /** The low five bits of one byte (CBOR) or its low seven (MessagePack). */
  | "five bits"
  | "seven bits"
  /** IEEE 754 of 4 or 8 bytes. */
  | "float little"
  | "float big";

export interface Leaf {
  /** Names from the root; lists are passed through. Shared between leaves: it is read at once. */
  readonly path: SecretPath;
  readonly start: number;
  readonly end: number;
  readonly form: LeafForm;
  /** A name on the wire, such as the key of a map: it is no value of the field that it names. */
  readonly isName?: true;
}

/** Is called for each leaf in the order of the bytes. */
export type VisitLeaf = (leaf: Leaf) => void;

/** More are not looked at: a body of so many values was refused before. */
export const mostLeaves = 1_000_000;
