/** An offset: a number where that is exact, as nearly all are, which costs less to keep and to compare. */
export type Offset = number | bigint;

const exactUpTo = BigInt(Number.MAX_SAFE_INTEGER);

/** Equal offsets are equal values. */
export function offsetOf(exact: bigint): Offset {
  return exact <= exactUpTo && exact >= -exactUpTo ? Number(exact) : exact;
}
