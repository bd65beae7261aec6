import type { Envelope } from "./tap/envelope.ts";

/** How many bytes a message brought: key, headers and body. What is in tables and lists of headers is not looked for. */
export function sizeOf({ key, headers, body }: Envelope): number {
  let size = (key?.length ?? 0) + (body?.length ?? 0);
  for (const { value } of headers) {
    if (value instanceof Uint8Array || typeof value === "string") size += value.length;
  }
  return size;
}
