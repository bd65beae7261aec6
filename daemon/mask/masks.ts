/**
 * What stands in the place of a secret: as long as it was, equal for equal secrets, and such that nobody who lacks the
 * key can tell from which secret it came. A mask is known for one by its form, so that nothing is masked twice.
 */
import { hash } from "node:crypto";

/** Numbers that are masks leave this remainder; of others one in a thousand does. */
const modulus = 997n;
const remainder = 500n;
/** Numbers of no more bits have too few masks to tell them apart: each length has one. */
const fewBits = 10;
const mostDigits = 60;
/** Forty bits: two of a million secrets hardly ever have the same. */
const tagLength = 8;
const letters = "0123456789abcdefghijklmnopqrstuv";

export class Masks {
  private readonly key: Uint8Array;

  constructor(key: Uint8Array) {
    this.key = key;
  }

  /** The mask of a text of one character a byte. */
  text(secret: string): string {
    if (secret.length <= 2) return "*".repeat(secret.length);
    const digest = this.digest(secret);
    const length = Math.min(tagLength, secret.length - 2);
    let tag = "";
    for (let i = 0; i < length; i++) tag += letters[(digest[i] ?? 0) & 31];
    return `*${tag}${"*".repeat(secret.length - 1 - length)}`;
  }

  /** The mask of a number where it stands as a text, in digits alone: whoever reads it still reads a number. */
  digits(secret: string): string {
    const { length } = secret;
    if (length <= 3 || length > mostDigits) return "9".repeat(length);
    const high = 10n ** BigInt(length) - 1n;
    return String(this.between(high - 10n ** BigInt(length - 1) + 1n, high, secret));
  }

  /** The mask of a whole number, of as many bits. */
  integer(secret: bigint): bigint {
    const bits = secret.toString(2).length;
    if (bits <= fewBits) return (1n << BigInt(bits)) - 1n;
    return this.between(1n << BigInt(bits - 1), (1n << BigInt(bits)) - 1n, String(secret));
  }

  private between(low: bigint, high: bigint, secret: string): bigint {
    const first = low + ((((remainder - low) % modulus) + modulus) % modulus);
    const random = BigInt(`0x${this.digest(secret).toString("hex")}`);
    return first + (random % ((high - first) / modulus + 1n)) * modulus;
  }

  /** The key stands first and the digest is cut or divided, so nobody can go on from it to another secret's. */
  private digest(secret: string): Buffer {
    const bytes = Buffer.allocUnsafe(this.key.length + secret.length);
    bytes.set(this.key);
    bytes.write(secret, this.key.length, "latin1");
    return hash("sha256", bytes, "buffer");
  }
}

/** Whether `text` is what stands in the place of a secret text. */
export function isMask(text: string): boolean {
  return text.startsWith("*") && /^(?:\*[0-9a-z]{0,8}\*+|\*)$/.test(text);
}

/** Whether the digits are what stands in the place of a secret number. */
export function isDigitMask(digits: string): boolean {
  if (!digits.startsWith("9") || !/^9\d*$/.test(digits)) return false;
  if (digits.length <= 3 || digits.length > mostDigits) return /^9+$/.test(digits);
  return BigInt(digits) % modulus === remainder;
}

/** Whether the whole number is what stands in the place of another. */
export function isIntegerMask(value: bigint): boolean {
  const bits = value.toString(2).length;
  return bits <= fewBits ? value === (1n << BigInt(bits)) - 1n : value % modulus === remainder;
}
