/** Fields that hold secrets by their place: because a contract marks them, or because of the names that lead to them. */
import type { JsonValue, SecretPath } from "../../contracts/codec/index.ts";
import { type DocumentNode, readDocument } from "../../contracts/source/index.ts";
import { findSecrets, type Found, isCardNumber } from "./detectors.ts";
import { hintsInText } from "./gate.ts";
import { isMask } from "./masks.ts";
import { isSecretName } from "./names.ts";

/**
 * Where secrets stand in a JSON text: strings without their quotes, and numbers. In order. With `reads`, names and
 * values count as they are read: in the text they may be written with escapes.
 */
export function markedSpans(text: string, paths: readonly SecretPath[], reads = false): readonly Found[] {
  const { root } = readDocument("body.json", text);
  const found = new Map<number, Found>();
  const leaves = (node: DocumentNode): void => {
    if (node.kind === "sequence") node.items.forEach(leaves);
    else if (node.kind === "mapping") for (const entry of node.entries) leaves(entry.value);
    else if (typeof node.value === "string" && node.end - node.start > 2) {
      found.set(node.start, { start: node.start + 1, end: node.end - 1, digits: false });
    } else if (typeof node.value === "number") {
      found.set(node.start, { start: node.start, end: node.end, digits: true });
    }
  };
  const follow = (node: DocumentNode, path: SecretPath, at: number): void => {
    const name = path[at];
    if (node.kind === "sequence") for (const item of node.items) follow(item, path, at);
    else if (name === undefined) leaves(node);
    else if (node.kind === "mapping") {
      for (const entry of node.entries) if (name === "*" || entry.key === name) follow(entry.value, path, at + 1);
    }
  };
  const readAll = (node: DocumentNode): void => {
    if (node.kind === "sequence") node.items.forEach(readAll);
    else if (node.kind === "mapping") {
      for (const entry of node.entries) (isSecretName(entry.key) ? leaves : readAll)(entry.value);
    } else if (typeof node.value === "string" && secretsIn(node.value)) leaves(node);
  };
  if (root !== undefined) {
    for (const path of paths) follow(root, path, 0);
    if (reads) readAll(root);
  }
  return [...found.values()].sort((a, b) => a.start - b.start);
}

/** Whether a text has a secret value in it. */
export function secretsIn(text: string): boolean {
  const seen = hintsInText(text);
  return seen !== 0 && findSecrets(text, seen).length > 0;
}

/** More values than this are not looked through before: each is looked at where it stands then. */
const mostValues = 100_000;

/** Whether a value that was read has anything in it that is to be masked. */
export function hasSecrets(value: JsonValue, marked: readonly SecretPath[]): boolean {
  for (const path of marked) if (leadsSomewhere(value, path, 0)) return true;
  return isOrHasSecret(value, false, { left: mostValues });
}

function leadsSomewhere(value: JsonValue, path: SecretPath, at: number): boolean {
  const name = path[at];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((item) => leadsSomewhere(item, path, at));
  if (name === undefined) return true;
  if (value === null || typeof value !== "object") return false;
  const fields = value as { readonly [key: string]: JsonValue };
  if (name === "*") return Object.values(fields).some((item) => leadsSomewhere(item, path, at + 1));
  if (Object.hasOwn(fields, name) && leadsSomewhere(fields[name] ?? null, path, at + 1)) return true;
  // The root element of an XML document is no part of what its contract describes.
  return at === 0 && Object.values(fields).some((item) => isObject(item) && Object.hasOwn(item as object, name));
}

function isObject(value: JsonValue): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isOrHasSecret(value: JsonValue, isSecret: boolean, budget: { left: number }): boolean {
  if (budget.left-- <= 0) return true;
  if (value === null || typeof value === "boolean") return false;
  if (typeof value === "string") return isSecret ? value !== "" && !isMask(value) : secretsIn(value);
  if (typeof value === "number") return isSecret || (value >= 1e12 && isCardNumber(String(value)));
  if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) if (isOrHasSecret(item, isSecret, budget)) return true;
    return false;
  }
  const fields = value as { readonly [key: string]: JsonValue };
  for (const name in fields) {
    if (isOrHasSecret(fields[name] ?? null, isSecret || isSecretName(name), budget)) return true;
    if (secretsIn(name)) return true;
  }
  return false;
}

/** Whether the names lead to, or through, a field that holds a secret. */
export function isSecretPath(path: readonly string[], marked: readonly SecretPath[]): boolean {
  if (path.some(isSecretName)) return true;
  return marked.some((secret) => leadsTo(path, secret, 0) || leadsTo(path, secret, 1));
}

/** `from` is 1 for what lies in the root element of an XML document. */
function leadsTo(path: readonly string[], secret: SecretPath, from: number): boolean {
  if (path.length - from < secret.length) return false;
  return secret.every((name, i) => {
    const own = path[from + i] ?? "";
    return name === "*" || name === own || name === own.replace(/^@?(?:.*:)?/, "");
  });
}
