/** Lists of the tree without spare room: a large check keeps millions of them, and a growing list makes room for 17 items. */
import type { EnumNode, ExtendNode, MessageNode, ServiceNode } from "./ast.ts";

/** Every empty list of a finished node; nobody adds to it. (Made so that the engine takes it for a list of objects.) */
const nothing: object[] = [{}];
nothing.length = 0;

/** `list` as it is to be kept: with room for its items and no more. */
export function trimmed<Item extends object>(list: readonly Item[]): Item[] {
  return list.length === 0 ? none<Item>() : list.slice();
}

/** The empty list of a node that is never added to. */
export function none<Item extends object>(): Item[] {
  return nothing as Item[];
}

/** While a body is read its lists grow; behind its end they are kept. */
export type Growing<Node> = { -readonly [Key in keyof Node]: Node[Key] };

/** Trims all lists of a message that was read, and of all that it holds; nesting is bounded. */
export function trimMessage(node: Growing<MessageNode>): void {
  node.fields = trimmed(node.fields);
  node.oneofs = trimmed(node.oneofs);
  node.messages = trimmed(node.messages);
  node.enums = trimmed(node.enums);
  node.extends = trimmed(node.extends);
  node.options = trimmed(node.options);
  node.extensionRanges = trimmed(node.extensionRanges);
  node.reservedRanges = trimmed(node.reservedRanges);
  node.reservedNames = trimmed(node.reservedNames);
  for (const oneof of node.oneofs) (oneof as Growing<typeof oneof>).options = trimmed(oneof.options);
  for (const nested of node.messages) trimMessage(nested);
  for (const nested of node.enums) trimEnum(nested);
  for (const nested of node.extends) trimExtend(nested);
}

export function trimEnum(node: Growing<EnumNode>): void {
  node.values = trimmed(node.values);
  node.options = trimmed(node.options);
  node.reservedRanges = trimmed(node.reservedRanges);
  node.reservedNames = trimmed(node.reservedNames);
}

/** Its messages stand in the scope around it as well, and are trimmed there. */
export function trimExtend(node: Growing<ExtendNode>): void {
  node.fields = trimmed(node.fields);
  node.messages = trimmed(node.messages);
}

export function trimService(node: Growing<ServiceNode>): void {
  node.methods = trimmed(node.methods);
  node.options = trimmed(node.options);
  for (const method of node.methods) (method as Growing<typeof method>).options = trimmed(method.options);
}
