/**
 * What stands in the place of a secret: as long as it was, equal for equal secrets, and such that nobody who lacks the
 * key can tell from which secret it came. A mask is known for one by its form, so that nothing is masked twice.
 */
import { createHmac } from "node:crypto";

/** Numbers that are masks leave this remainder; of others one in a thousand does. */
const modulus = 997n;
const remainder = 500n;
/** Numbers of no more bits have too few masks to tell them apart: each length has one. */
const fewBits = 10;
const mostDigits = 60;

export class Masks {
  private readonly key: Uint8Array;

  constructor(key: Uint8Array) {
    this.key = key;
  }

  /** The mask of a text of one character a byte. */
  text(secret: string): string {
    if (secret.length <= 2) return "*".repeat(secret.length);
    const tag = this.digest(secret)
      .toString(36)
      .padStart(16, "0")
      .slice(0, Math.min(8, secret.length - 2));
    return `*${tag}${"*".repeat(secret.length - 1 - tag.length)}`;
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
    return first + (this.digest(secret) % ((high - first) / modulus + 1n)) * modulus;
  }

  private digest(secret: string): bigint {
    const bytes = createHmac("sha256", this.key).update(secret, "latin1").digest();
    return BigInt(`0x${bytes.toString("hex", 0, 26)}`);
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
