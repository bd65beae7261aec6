/** Where the members of a JSON body lie in its bytes. */
import { type DocumentNode, readDocument } from "../source/index.ts";
import { readText } from "./body.ts";
import { mostFields, wayTo } from "./field-map.ts";

/** Bodies beyond this have no places: only the first bytes of a body are shown anyway. */
const largestPlaced = 256 * 1024;
const deepest = 64;

/** Where the members of a JSON text lie; nothing where it is none. Never throws. */
export function jsonPlaces(body: Uint8Array): ReadonlyMap<string, readonly [offset: number, length: number]> {
  const places = new Map<string, readonly [number, number]>();
  const text = body.length > largestPlaced ? undefined : readText(body);
  if (text === undefined) return places;
  const byteAt = byteOffsets(text, body);
  const visit = (node: DocumentNode, way: string, start: number, depth: number): void => {
    if (places.size >= mostFields || depth > deepest) return;
    places.set(way, [byteAt(start), byteAt(node.end) - byteAt(start)]);
    if (node.kind === "sequence") {
      for (const [index, item] of node.items.entries()) visit(item, wayTo(way, String(index)), item.start, depth + 1);
    } else if (node.kind === "mapping") {
      for (const entry of node.entries) visit(entry.value, wayTo(way, entry.key), entry.keyStart, depth + 1);
    }
  };
  const { root } = readDocument("body.json", text);
  if (root !== undefined) visit(root, "", root.start, 0);
  places.delete("");
  return places;
}

/** From offsets in the text, as JavaScript counts, to bytes of UTF-8; a byte order mark is not in the text. */
function byteOffsets(text: string, body: Uint8Array): (offset: number) => number {
  const mark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  if (text.length + mark === body.length) return (offset) => offset + mark;
  const bytes = new Uint32Array(text.length + 1);
  let at = mark;
  for (let i = 0; i < text.length; i++) {
    bytes[i] = at;
    const code = text.charCodeAt(i);
    // Each half of a surrogate pair is two of its four bytes.
    at += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  bytes[text.length] = at;
  return (offset) => bytes[Math.min(offset, text.length)] ?? at;
}
