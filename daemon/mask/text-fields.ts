import type { Found } from "./detectors.ts";
import { isSecretName } from "./names.ts";

/**
 * Values of secret-named fields in a text: JSON members, also of JSON that is a string within JSON, XML elements,
 * `name=value` and `name: value`. Needs no parser that agrees with the text: whatever looks like such a field is one,
 * since masking too much hurts less than storing a secret.
 */
export function secretFieldsOf(text: string): readonly Found[] {
  const found: Found[] = [];
  if (text.includes('"')) jsonMembers(text, found);
  if (text.includes('\\"')) escapedMembers(text, found);
  if (text.includes("<")) xmlElements(text, found);
  if (text.includes("=")) assignments(text, found);
  if (text.includes(": ")) lines(text, found);
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

function jsonMembers(text: string, found: Found[]): void {
  const member = /"((?:[^"\\\n]|\\.){1,128})"\s{0,64}:\s{0,64}/g;
  for (let match = member.exec(text); match !== null; match = member.exec(text)) {
    if (!isSecretName(match[1] ?? "")) {
      // The value of this member may itself be a string before a colon in broken text: go on right behind the colon.
      continue;
    }
    member.lastIndex = jsonValue(text, member.lastIndex, found);
  }
}

/** Members of JSON that was written into a string of JSON, however often: each quote has the same backslashes before it. */
function escapedMembers(text: string, found: Found[]): void {
  const member = /(\\{1,15})"([^"\\\n]{1,128})\1"\s{0,64}:\s{0,64}/g;
  for (let match = member.exec(text); match !== null; match = member.exec(text)) {
    if (!isSecretName(match[2] ?? "")) continue;
    member.lastIndex = jsonValue(text, member.lastIndex, found, (match[1] ?? "").length);
  }
}

/**
 * Marks every string and number of the JSON value at `at`; returns where it ends, at the latest the end of the text. Its
 * quotes have `slashes` backslashes before them; one with fewer ends the string that all of it stands in.
 */
function jsonValue(text: string, at: number, found: Found[], slashes = 0): number {
  let depth = 0;
  let i = at;
  while (i < text.length) {
    const char = text[i] ?? "";
    if (char === '"') {
      if (slashes > 0 && slashesBefore(text, i) < slashes) return i;
      const close = slashes === 0 ? stringEnd(text, i) : escapedStringEnd(text, i, slashes);
      const end = slashes === 0 ? close : close - Math.min(slashes, slashesBefore(text, close));
      const isName = depth > 0 && /^\s{0,64}:/.test(text.slice(close + 1, close + 66));
      if (!isName && end > i + 1) found.push({ start: i + 1, end, digits: false });
      i = close + 1;
    } else if (char === "{" || char === "[") {
      depth++;
      i++;
    } else if (char === "}" || char === "]") {
      if (depth === 0) return i;
      depth--;
      i++;
    } else if (/[-0-9]/.test(char)) {
      const number = /[-+.0-9eE]+/y;
      number.lastIndex = i;
      const end = i + (number.exec(text)?.[0].length ?? 1);
      found.push({ start: i, end, digits: true });
      i = end;
    } else if (depth === 0 && char === ",") {
      return i;
    } else {
      i++;
    }
    if (depth === 0 && i > at && /["}\]0-9]/.test(char)) return i;
  }
  return i;
}

function stringEnd(text: string, quote: number): number {
  for (let i = quote + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

/** The quote that ends the string, or the one in which all of it stands; in a text that was cut, the end. */
function escapedStringEnd(text: string, quote: number, slashes: number): number {
  for (let i = text.indexOf('"', quote + 1); i >= 0; i = text.indexOf('"', i + 1)) {
    if (slashesBefore(text, i) <= slashes) return i;
  }
  return text.length;
}

function slashesBefore(text: string, at: number): number {
  let count = 0;
  while (text[at - 1 - count] === "\\") count++;
  return count;
}

function xmlElements(text: string, found: Found[]): void {
  for (const match of text.matchAll(/<(?:[\w.-]{1,64}:)?([\w.-]{1,64})(?:\s[^<>]{0,512})?>([^<]{1,8192})</g)) {
    const value = match[2] ?? "";
    if (!isSecretName(match[1] ?? "") || value.trim() === "") continue;
    const start = match.index + match[0].length - 1 - value.length;
    found.push({ start, end: start + value.length, digits: false });
  }
}

function assignments(text: string, found: Found[]): void {
  // A backslash belongs to the value, but not the one of an escaped quote: the string around it must stay one.
  for (const match of text.matchAll(/([A-Za-z][\w.-]{1,63})=(["']?)((?:[^\s&;,"'<>\\]|\\(?!["'\s]).){1,4096})/g)) {
    const value = match[3] ?? "";
    if (!isSecretWord(text, match.index, match[1] ?? "")) continue;
    const start = match.index + match[0].length - value.length;
    found.push({ start, end: start + value.length, digits: false });
  }
}

/** As YAML, HTTP and logs write it: to the end of its line where the name begins that line, else one word or quotes. */
function lines(text: string, found: Found[]): void {
  const field = /(?<![\w.-])([A-Za-z][\w.-]{1,63}):[ \t]{1,16}/g;
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    if (!isSecretWord(text, match.index, match[1] ?? "")) continue;
    const before = text.slice(Math.max(0, match.index - 64), match.index);
    const value = /(?:^|\n)[ \t-]*$/.test(before) ? restOfLine : oneWord;
    const quote = /["']/.exec(text[field.lastIndex] ?? "")?.[0];
    const start = field.lastIndex + (quote === undefined ? 0 : 1);
    const pattern = quote === undefined ? value : quote === '"' ? inDoubleQuotes : inSingleQuotes;
    pattern.lastIndex = start;
    const end = start + (pattern.exec(text)?.[0].trimEnd().length ?? 0);
    if (end > start) found.push({ start, end, digits: false });
    field.lastIndex = Math.max(end, field.lastIndex);
  }
}

const restOfLine = /[^\n\r]{1,4096}/y;
// None of these takes the backslash of an escaped quote: the string around it must stay one.
const oneWord = /[^\s"',;&<>{}[\]\\]{1,4096}/y;
const inDoubleQuotes = /[^\n"\\]{1,4096}/y;
const inSingleQuotes = /[^\n'\\]{1,4096}/y;

/** In a string of JSON the letter of an escape may stand before the name: `\npassword` has it on a line of its own. */
function isSecretWord(text: string, at: number, name: string): boolean {
  return isSecretName(name) || (text[at - 1] === "\\" && isSecretName(name.slice(1)));
}
