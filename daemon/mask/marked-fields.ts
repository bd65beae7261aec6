/** Fields that a contract marks as secret, in JSON: by their path, so that nothing else is touched. */
import type { JsonValue, SecretPath } from "../../contracts/codec/index.ts";
import { type DocumentNode, readDocument } from "../../contracts/source/index.ts";
import type { Found } from "./detectors.ts";

/** Where the values of these fields stand in a JSON text: strings without their quotes, and numbers. In order. */
export function markedSpans(text: string, paths: readonly SecretPath[]): readonly Found[] {
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
  if (root !== undefined) for (const path of paths) follow(root, path, 0);
  return [...found.values()].sort((a, b) => a.start - b.start);
}

/** The values of these fields in what was read of a binary format. */
export function markedValues(value: JsonValue, paths: readonly SecretPath[]): readonly JsonValue[] {
  const found: JsonValue[] = [];
  const follow = (part: JsonValue, path: SecretPath, at: number): void => {
    const name = path[at];
    if (Array.isArray(part)) for (const item of part as readonly JsonValue[]) follow(item, path, at);
    else if (name === undefined) found.push(part);
    else if (part !== null && typeof part === "object") {
      for (const [key, item] of Object.entries(part)) if (name === "*" || key === name) follow(item, path, at + 1);
    }
  };
  for (const path of paths) follow(value, path, 0);
  return found;
}
