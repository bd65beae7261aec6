/**
 * MessagePack.
 *
 *     00-7f, e0-ff  small integers      80-8f, de, df  maps       90-9f, dc, dd  arrays      a0-bf, d9-db  strings
 *     c0 nil        c2, c3 booleans     c4-c6 bytes               ca, cb floats              cc-d3 integers
 *     d4-d8, c7-c9  extensions: a type in one byte, then bytes; type -1 is a time
 *
 * Our own reader, as bodies are hostile: counts and lengths are held against what is left before anything is made for
 * them, and depth and the number of values are bounded.
 */
import type { JsonValue } from "./decoded.ts";
import { base64, utf8 } from "../proto/index.ts";
import { type Bytes, type BytesReading, BytesFailure, mapKey, readBytes } from "./bytes.ts";
import { floating, put } from "./json-values.ts";
import { timestampText } from "./protobuf-json.ts";

/** Reads `bytes` as one value and nothing more. Never throws. */
export function readMessagePack(bytes: Uint8Array): BytesReading {
  return readBytes(bytes, "MessagePack", (source, depth) => value(source, depth));
}

function value(source: Bytes, depth: number): JsonValue {
  source.enter(depth);
  const head = source.byte();
  if (head < 0x80) return head;
  if (head < 0x90) return map(source, head & 0x0f, depth);
  if (head < 0xa0) return array(source, head & 0x0f, depth);
  if (head < 0xc0) return text(source, head & 0x1f);
  if (head >= 0xe0) return head - 0x100;
  switch (head) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return base64(source.take(source.unsigned(1 << (head - 0xc4))));
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return extension(source, source.unsigned(1 << (head - 0xc7)));
    case 0xca:
      return floating(source.view(4).getFloat32(0));
    case 0xcb:
      return floating(source.view(8).getFloat64(0));
    case 0xcc:
    case 0xcd:
    case 0xce:
      return source.unsigned(1 << (head - 0xcc));
    case 0xcf:
      return source.integer(source.view(8).getBigUint64(0));
    case 0xd0:
      return source.view(1).getInt8(0);
    case 0xd1:
      return source.view(2).getInt16(0);
    case 0xd2:
      return source.view(4).getInt32(0);
    case 0xd3:
      return source.integer(source.view(8).getBigInt64(0));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extension(source, 1 << (head - 0xd4));
    case 0xd9:
    case 0xda:
    case 0xdb:
      return text(source, source.unsigned(1 << (head - 0xd9)));
    case 0xdc:
    case 0xdd:
      return array(source, source.unsigned(head === 0xdc ? 2 : 4), depth);
    case 0xde:
    case 0xdf:
      return map(source, source.unsigned(head === 0xde ? 2 : 4), depth);
    default:
      throw new BytesFailure("a value begins with a byte that stands for nothing");
  }
}

function text(source: Bytes, length: number): string {
  const read = utf8(source.take(length));
  if (read === undefined) throw new BytesFailure("a string is not UTF-8");
  return read;
}

function array(source: Bytes, count: number, depth: number): JsonValue {
  source.expect(count);
  const items: JsonValue[] = [];
  for (let i = 0; i < count; i++) items.push(value(source, depth + 1));
  return items;
}

function map(source: Bytes, count: number, depth: number): JsonValue {
  source.expect(2 * count);
  const result: Record<string, JsonValue> = {};
  for (let i = 0; i < count; i++) {
    const key = mapKey(value(source, depth + 1));
    put(result, key, value(source, depth + 1));
  }
  return result;
}

function extension(source: Bytes, length: number): JsonValue {
  const type = source.view(1).getInt8(0);
  const bytes = source.take(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let time: string | undefined;
  if (type === -1 && length === 4) time = timestampText(String(view.getUint32(0)), 0);
  else if (type === -1 && length === 8) {
    const bits = view.getBigUint64(0);
    time = timestampText(String(bits & 0x3ffffffffn), Number(bits >> 34n));
  } else if (type === -1 && length === 12) time = timestampText(String(view.getBigInt64(4)), view.getUint32(0));
  return time ?? { extension: type, data: base64(bytes) };
}
