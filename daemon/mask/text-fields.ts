import type { Found } from "./detectors.ts";
import { isSecretName } from "./names.ts";

/**
 * Values of secret-named fields in a text: JSON members, XML elements, `name=value`. Needs no parser that agrees with
 * the text: whatever looks like such a field is one, since masking too much hurts less than storing a secret.
 */
export function secretFieldsOf(text: string): readonly Found[] {
  const found: Found[] = [];
  if (text.includes('"')) jsonMembers(text, found);
  if (text.includes("<")) xmlElements(text, found);
  if (text.includes("=")) assignments(text, found);
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

/** Marks every string and number of the JSON value at `at`; returns where it ends, at the latest the end of the text. */
function jsonValue(text: string, at: number, found: Found[]): number {
  let depth = 0;
  let i = at;
  while (i < text.length) {
    const char = text[i] ?? "";
    if (char === '"') {
      const end = stringEnd(text, i);
      const isName = depth > 0 && /^\s{0,64}:/.test(text.slice(end + 1, end + 66));
      if (!isName && end > i + 1) found.push({ start: i + 1, end, digits: false });
      i = end + 1;
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

function xmlElements(text: string, found: Found[]): void {
  for (const match of text.matchAll(/<(?:[\w.-]{1,64}:)?([\w.-]{1,64})(?:\s[^<>]{0,512})?>([^<]{1,8192})</g)) {
    const value = match[2] ?? "";
    if (!isSecretName(match[1] ?? "") || value.trim() === "") continue;
    const start = match.index + match[0].length - 1 - value.length;
    found.push({ start, end: start + value.length, digits: false });
  }
}

function assignments(text: string, found: Found[]): void {
  for (const match of text.matchAll(/([A-Za-z][\w.-]{1,63})=(["']?)([^\s&;,"'<>]{1,4096})/g)) {
    const value = match[3] ?? "";
    if (!isSecretName(match[1] ?? "")) continue;
    const start = match.index + match[0].length - value.length;
    found.push({ start, end: start + value.length, digits: false });
  }
}
