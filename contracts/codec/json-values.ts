/** What every reader of bytes needs to make values that JSON can hold. */
import type { JsonValue } from "./decoded.ts";

/** JSON has no word for what is no number; protobuf's JSON has these. */
export function floating(value: number): JsonValue {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** Sets a property whatever its name is, `__proto__` too. */
export function put(target: Record<string, JsonValue>, name: string, value: JsonValue): Record<string, JsonValue> {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
  return target;
}
