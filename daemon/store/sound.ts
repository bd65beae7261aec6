/**
 * Values of a file that somebody sent, taken only as what this program would have written. Each function throws for
 * anything else; whoever reads a row says what becomes of one that is damaged.
 */

/** Beyond it no calendar goes. */
const lastTime = 8.64e15;

export function text(value: unknown): string {
  if (typeof value !== "string") throw damaged("text", value);
  return value;
}

export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw damaged("a list", value);
  return value.map(text);
}

export function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw damaged("a number", value);
  return value;
}

/** Milliseconds since the epoch. */
export function time(value: unknown): number {
  if (Math.abs(count(value)) > lastTime) throw damaged("a time", value);
  return value as number;
}

export function flag(value: unknown): boolean {
  if (typeof value !== "boolean") throw damaged("true or false", value);
  return value;
}

/** An integer that may be larger than a number is exact for; it stands as text. */
export function integer(value: unknown): bigint {
  if (typeof value !== "string" || !/^-?\d{1,20}$/.test(value)) throw damaged("an integer", value);
  return BigInt(value);
}

export function bytes(value: unknown): Uint8Array | null {
  if (value !== null && !(value instanceof Uint8Array)) throw damaged("bytes", value);
  return value;
}

export function oneOf<T extends string>(value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw damaged(choices.join(" or "), value);
  return found;
}

export function table(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged("a table", value);
  return value as Readonly<Record<string, unknown>>;
}

/** The fields of `value` that are there, each as its reader takes it; fields that no reader knows are left out. */
export function optional<R extends Readonly<Record<string, (value: unknown) => unknown>>>(
  value: Readonly<Record<string, unknown>>,
  readers: R,
): { readonly [K in keyof R]?: ReturnType<R[K]> } {
  const read: Record<string, unknown> = {};
  for (const name in readers) {
    const field = value[name];
    if (field !== undefined && Object.hasOwn(value, name)) read[name] = readers[name]?.(field);
  }
  return read as { readonly [K in keyof R]?: ReturnType<R[K]> };
}

function damaged(wanted: string, value: unknown): TypeError {
  return new TypeError(`${wanted} was expected, not ${value === null ? "null" : typeof value}`);
}
