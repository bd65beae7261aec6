import type { DecodedBody, JsonValue } from "../contracts/codec/index.ts";

/** The body of a span is JSON that its tap wrote, and nothing where the span had no events; no contract describes it. */
export function readSpanBody(body: Uint8Array | null): DecodedBody {
  const read = { check: "unchecked", violations: [], attempts: [] } as const;
  if (body === null || body.length === 0) return { ...read, format: "empty" };
  return { ...read, format: "json", value: JSON.parse(Buffer.from(body).toString("utf8")) as JsonValue };
}
