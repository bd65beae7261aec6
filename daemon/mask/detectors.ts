/**
 * Values that are secrets wherever they stand. Works on text of one character a byte (latin1), so that what is found
 * can be replaced in the bytes without moving anything.
 */
import { hints } from "./gate.ts";

export interface Found {
  readonly start: number;
  readonly end: number;
  /** Stands where only digits keep the text readable, such as a bare JSON number. */
  readonly digits: boolean;
}

interface Detector {
  /** Runs only where the gate saw this. */
  readonly hint: number;
  readonly pattern: RegExp;
  /** Which group is the secret; 0 is the whole match. */
  readonly group: number;
  readonly confirm?: (value: string) => boolean;
}

const detectors: readonly Detector[] = [
  { hint: hints.jwt, pattern: /eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*/g, group: 0 },
  {
    hint: hints.privateKey,
    pattern: /-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----([^-]{1,16384})(?:-----END|$)/g,
    group: 1,
  },
  { hint: hints.awsKey, pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g, group: 0 },
  { hint: hints.googleKey, pattern: /AIza[0-9A-Za-z_-]{35}/g, group: 0 },
  { hint: hints.githubKey, pattern: /gh[pousr]_[A-Za-z0-9]{36,255}/g, group: 0 },
  { hint: hints.slackKey, pattern: /xox[abprs]-[A-Za-z0-9-]{10,255}/g, group: 0 },
  { hint: hints.stripeKey, pattern: /[sr]k_live_[A-Za-z0-9]{16,255}/g, group: 0 },
  { hint: hints.credentials, pattern: /(?<![A-Za-z])(?:Bearer|Basic) +([A-Za-z0-9._~+/=-]{8,4096})/gi, group: 1 },
  {
    hint: hints.address,
    pattern: /[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^\s/:@"'<>]{0,128}:([^\s/@"'<>]{1,256})@/g,
    group: 1,
  },
  {
    hint: hints.card,
    pattern: /(?<![0-9A-Za-z.-])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z]|[.-][0-9])/g,
    group: 0,
    confirm: isCardNumber,
  },
];

/** Every secret value in `text`, in order, without overlaps; `seen` is what the gate says of it. */
export function findSecrets(text: string, seen: number): readonly Found[] {
  const found: Found[] = [];
  for (const { hint, pattern, group, confirm } of detectors) {
    if ((seen & hint) === 0) continue;
    for (const match of text.matchAll(pattern)) {
      const value = match[group];
      if (value === undefined || value === "" || (confirm !== undefined && !confirm(value))) continue;
      const start = match.index + match[0].lastIndexOf(value);
      const end = start + value.length;
      found.push({ start, end, digits: /^[0-9]+$/.test(value) && isBareNumber(text, start, end) });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  let reached = 0;
  return found.filter(({ start, end }) => {
    if (start < reached) return false;
    reached = end;
    return true;
  });
}

/** A payment card by its issuer's first digits, its length and Luhn's check digit. */
export function isCardNumber(text: string): boolean {
  const digits = text.replace(/[ -]/g, "");
  const { length } = digits;
  const issued =
    (digits.startsWith("4") && (length === 13 || length === 16 || length === 19)) ||
    (/^(?:5[1-5]|2[2-7])/.test(digits) && length === 16) ||
    (/^3[47]/.test(digits) && length === 15) ||
    (/^3(?:0[0-5]|[68])/.test(digits) && length === 14) ||
    (/^6(?:011|22|4[4-9]|5)/.test(digits) && length >= 16 && length <= 19);
  if (!issued) return false;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    let digit = digits.charCodeAt(length - 1 - i) - 48;
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

function isBareNumber(text: string, start: number, end: number): boolean {
  return /[:,[\s]/.test(text[start - 1] ?? '"') && /[,\]}\s]/.test(text[end] ?? '"');
}
