/** Values of the wire as other programs can take them. */

/** JSON of a wire value: bytes as text where they are text, else `{base64}`; integers beyond 2^53 as text. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return textOf(value) ?? { base64: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  }
  return value;
}

/** A key as text where it is text, else in hex; `null` where there is none. */
export function keyOf(key: Uint8Array | null): string | null {
  return key === null ? null : (textOf(key) ?? Buffer.from(key).toString("hex"));
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

export function assertNever(value: never): never {
  throw new Error(`Unexpected: ${String(value)}`);
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
