/** Numbers in the bytes of binary formats: read, and written again over themselves. */
import type { LeafForm } from "../../contracts/codec/index.ts";

/** The whole number that stands there; `undefined` for what is none, such as NaN. */
export function readNumber(bytes: Uint8Array, form: LeafForm): bigint | undefined {
  switch (form) {
    case "varint":
      return varint(bytes);
    case "zigzag": {
      const raw = varint(bytes);
      return (raw >> 1n) ^ -(raw & 1n);
    }
    case "little":
      return unsigned(bytes.toReversed());
    case "big":
      return unsigned(bytes);
    case "signed big":
      return BigInt.asIntN(bytes.length * 8, unsigned(bytes));
    case "five bits":
      return BigInt((bytes[0] ?? 0) & 31);
    case "seven bits":
      return BigInt((bytes[0] ?? 0) & 127);
    case "float little":
    case "float big": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const value =
        bytes.length === 4 ? view.getFloat32(0, form === "float little") : view.getFloat64(0, form === "float little");
      return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
    }
    default:
      return undefined;
  }
}

/** Writes a number of as many bits and the same sign in the place of what stands there. */
export function writeNumber(bytes: Uint8Array, form: LeafForm, value: bigint): void {
  switch (form) {
    case "varint":
      writeVarint(bytes, value);
      break;
    case "zigzag":
      writeVarint(bytes, value < 0n ? -value * 2n - 1n : value * 2n);
      break;
    case "little":
      writeUnsigned(bytes, value, true);
      break;
    case "big":
    case "signed big":
      writeUnsigned(bytes, value, false);
      break;
    case "five bits":
      bytes[0] = ((bytes[0] ?? 0) & ~31) | Math.min(23, Number(value));
      break;
    case "seven bits":
      bytes[0] = Number(value) & 127;
      break;
    case "float little":
    case "float big": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (bytes.length === 4) view.setFloat32(0, Number(value), form === "float little");
      else view.setFloat64(0, Number(value), form === "float little");
      break;
    }
    default:
      break;
  }
}

function varint(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const [i, byte] of bytes.entries()) value |= BigInt(byte & 127) << BigInt(7 * i);
  return value;
}

/** Fills all the bytes, so that none too few are left: high bits may be zero. */
function writeVarint(bytes: Uint8Array, value: bigint): void {
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number((value >> BigInt(7 * i)) & 127n) | (i < bytes.length - 1 ? 128 : 0);
  }
}

function unsigned(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function writeUnsigned(bytes: Uint8Array, value: bigint, isLittle: boolean): void {
  let rest = BigInt.asUintN(bytes.length * 8, value);
  for (let i = 0; i < bytes.length; i++) {
    bytes[isLittle ? i : bytes.length - 1 - i] = Number(rest & 255n);
    rest >>= 8n;
  }
}
