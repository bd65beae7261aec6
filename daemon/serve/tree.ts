import type { DecodedBody, FieldMap, JsonValue, UnreadField } from "../../contracts/codec/index.ts";
import { isMask, isSecretName } from "../mask/index.ts";
import type { TreeNode } from "./protocol.ts";

/** The most nodes and the greatest depth that are sent; what is beyond is said in the tree. */
const mostNodes = 5_000;
const greatestDepth = 64;
const longestText = 4_096;

/**
 * A value as a tree of text nodes, with violations where they are, and with the types and bytes of `fields`. Secrets are
 * masked by name and by their mask. What the contract could not read stands behind what it could.
 */
export function treeOf(decoded: DecodedBody, fields?: FieldMap): readonly TreeNode[] {
  const { value } = decoded;
  if (value === undefined) return [];
  const violations = new Map(decoded.violations.map(({ path, message }) => [normalPath(path), message]));
  const budget = { left: mostNodes };
  const around = { path: "", secret: false, depth: 0, violations, budget, fields: fields?.fields, unread: new Map() };
  for (const field of fields?.unread ?? []) append(around.unread, field.parent, field);
  const root = node("", value, around);
  return root.children.length > 0 || (typeof value === "object" && value !== null) ? root.children : [root];
}

interface Around {
  readonly path: string;
  readonly secret: boolean;
  readonly depth: number;
  readonly violations: ReadonlyMap<string, string>;
  readonly budget: { left: number };
  readonly fields: FieldMap["fields"] | undefined;
  readonly unread: Map<string, UnreadField[]>;
}

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function node(name: string, value: JsonValue, around: Around): TreeNode {
  around.budget.left--;
  const secret = around.secret || isSecretName(name);
  const violation = around.violations.get(around.path);
  const facts = around.fields?.get(around.path);
  const base = {
    name,
    ...(violation === undefined ? {} : { violation }),
    ...(facts?.type === undefined ? {} : { type: facts.type }),
    ...(facts?.bytes === undefined ? {} : { bytes: facts.bytes }),
  };
  if (value === null) return { ...base, kind: "null", text: "null", children: [] };
  if (typeof value === "object") {
    const items: ReadonlyArray<readonly [string, JsonValue]> = Array.isArray(value)
      ? value.map((item: JsonValue, i) => [String(i), item] as const)
      : Object.entries(value);
    const array = Array.isArray(value);
    return {
      ...base,
      kind: array ? "array" : "object",
      text: `${items.length} ${array ? "item" : "field"}${items.length === 1 ? "" : "s"}`,
      children: childrenOf(items, array, { ...around, secret }),
    };
  }
  if (typeof value === "string" && (secret || isMask(value)) && value !== "") {
    return { ...base, kind: "masked", text: `masked, ${Buffer.byteLength(value)} bytes`, children: [] };
  }
  if (secret && typeof value === "number") return { ...base, kind: "masked", text: "masked, a number", children: [] };
  if (typeof value === "string") {
    const text = value.length > longestText ? `${value.slice(0, longestText)}… (${value.length} characters)` : value;
    return { ...base, kind: "string", text, children: [] };
  }
  return { ...base, kind: typeof value === "number" ? "number" : "boolean", text: String(value), children: [] };
}

function childrenOf(items: ReadonlyArray<readonly [string, JsonValue]>, array: boolean, around: Around): TreeNode[] {
  const children: TreeNode[] = [];
  if (around.depth >= greatestDepth) return [{ name: "…", kind: "string", text: "too deep to show", children: [] }];
  for (const [name, item] of items) {
    if (around.budget.left <= 0) {
      children.push({ name: "…", kind: "string", text: `${items.length - children.length} more`, children: [] });
      break;
    }
    const path = array ? `${around.path}.${name}` : around.path === "" ? name : `${around.path}.${name}`;
    children.push(node(name, item, { ...around, path: normalPath(path), depth: around.depth + 1 }));
  }
  for (const field of around.unread.get(around.path) ?? []) children.push(unreadNode(field, around));
  return children;
}

/** A field that is not in the value: the contract does not know it, or knows another type. */
function unreadNode({ name, type, wire, bytes, message }: UnreadField, around: Around): TreeNode {
  const secret = around.secret || isSecretName(name) || isMask(wire);
  return {
    name,
    kind: "null",
    text: "not read",
    violation: message,
    wire: secret ? `masked, ${bytes[1]} bytes` : wire,
    bytes,
    ...(type === undefined ? {} : { type }),
    children: [],
  };
}

/** `lines[0].quantity` and `lines.0.quantity` are the same path. */
function normalPath(path: string): string {
  return path.replace(/\[(\d+)\]/g, ".$1").replace(/^\./, "");
}
