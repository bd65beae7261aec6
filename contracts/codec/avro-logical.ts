/** Avro's logical types as values that people read; `undefined` where that would lose something. */
import type { AvroLogical } from "./avro-schema.ts";
import { timestampText } from "./protobuf-json.ts";

/** The readable form of an int or long. */
export function logicalInteger(logical: AvroLogical, value: number | bigint): string | undefined {
  switch (logical.name) {
    case "date":
      return timestampText(String(Number(value) * 86_400), 0)?.slice(0, 10);
    case "time-millis":
      return timeOfDay(value, 1_000n);
    case "time-micros":
      return timeOfDay(value, 1_000_000n);
    case "timestamp-millis":
      return instant(value, 1_000n);
    case "timestamp-micros":
      return instant(value, 1_000_000n);
    case "timestamp-nanos":
      return instant(value, 1_000_000_000n);
    case "local-timestamp-millis":
      return instant(value, 1_000n)?.slice(0, -1);
    case "local-timestamp-micros":
      return instant(value, 1_000_000n)?.slice(0, -1);
    case "local-timestamp-nanos":
      return instant(value, 1_000_000_000n)?.slice(0, -1);
    default:
      return undefined;
  }
}

/** The readable form of bytes and fixed. */
export function logicalBytes(logical: AvroLogical, bytes: Uint8Array): string | undefined {
  switch (logical.name) {
    case "decimal":
      return bytes.length > 0 && bytes.length <= longestNumber ? decimalText(bytes, logical.scale) : undefined;
    case "uuid":
      return bytes.length === 16 ? uuidText(bytes) : undefined;
    case "duration":
      return bytes.length === 12 ? durationText(bytes) : undefined;
    default:
      return undefined;
  }
}

/** Numbers of more bytes are no amounts, and as digits would take time with the square of their size. */
const longestNumber = 256;

function instant(value: number | bigint, unit: bigint): string | undefined {
  const whole = BigInt(value);
  let seconds = whole / unit;
  let rest = whole % unit;
  if (rest < 0n) {
    rest += unit;
    seconds -= 1n;
  }
  return timestampText(String(seconds), Number(rest * (1_000_000_000n / unit)));
}

function timeOfDay(value: number | bigint, unit: bigint): string | undefined {
  const whole = BigInt(value);
  if (whole < 0n || whole >= 86_400n * unit) return undefined;
  return instant(whole, unit)?.slice(11, -1);
}

/** A two's-complement integer, the highest byte first, with a point before its last `scale` digits. */
function decimalText(bytes: Uint8Array, scale: number): string | undefined {
  if (!Number.isInteger(scale) || scale < 0 || scale > 1000) return undefined;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  value = BigInt.asIntN(bytes.length * 8, value);
  if (scale === 0) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function uuidText(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Months, days and milliseconds, each four bytes, the lowest first, as ISO 8601 has it. */
function durationText(bytes: Uint8Array): string {
  const part = (at: number) =>
    ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>>
    0;
  const millis = part(8);
  const seconds = `${Math.floor(millis / 1000)}${millis % 1000 === 0 ? "" : `.${String(millis % 1000).padStart(3, "0")}`}`;
  return `P${part(0)}M${part(4)}DT${seconds}S`;
}
