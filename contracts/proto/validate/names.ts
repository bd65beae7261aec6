/** Names that are given twice in one scope. */
import {
  problemIn,
  type EnumValueDescriptor,
  type FileDescriptor,
  type MessageDescriptor,
  type OneofDescriptor,
  type ScopedSymbol,
} from "../descriptors.ts";
import type { ValidationContext } from "./context.ts";

type Named = Exclude<ScopedSymbol, { kind: "package" }> | OneofDescriptor;

export function checkNames(context: ValidationContext): void {
  const order = new Map(context.files.map((file, index) => [file, index]));
  const scopes: Array<Map<string, ScopedSymbol>> = [context.scopes.root.children];
  for (let scope = scopes.pop(); scope !== undefined; scope = scopes.pop()) {
    for (const symbol of scope.values()) {
      for (let at: ScopedSymbol | undefined = symbol; at !== undefined; at = at.sameName)
        if (at.kind === "package") scopes.push(at.children);
      if (symbol.sameName !== undefined) checkChain(context, symbol, order);
    }
  }
  for (const file of context.files) {
    for (const message of file.messages) checkMessage(context, message);
    for (const service of file.services) checkMembers(context, service.methods);
  }
}

/** Symbols of one name in one package: those that meet in some file collide. */
function checkChain(context: ValidationContext, first: ScopedSymbol, order: ReadonlyMap<FileDescriptor, number>): void {
  const symbols: Named[] = [];
  let packaged = false;
  for (let at: ScopedSymbol | undefined = first; at !== undefined; at = at.sameName) {
    if (at.kind === "package") packaged = true;
    else if (!at.file.isBuiltIn) symbols.push(at);
  }
  symbols.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.node.nameStart - b.node.nameStart);
  if (packaged) for (const symbol of symbols) report(context, symbol, undefined);
  for (const [index, symbol] of symbols.entries()) {
    const other = symbols.slice(0, index).find((known) => meet(known.file, symbol.file));
    if (other !== undefined) report(context, symbol, other);
  }
}

function meet(a: FileDescriptor, b: FileDescriptor): boolean {
  return a === b || a.module === b.module || a.visible.has(b) || b.visible.has(a);
}

function checkMessage(context: ValidationContext, message: MessageDescriptor): void {
  if (message.isMapEntry) return;
  const nested: Named[] = [
    ...message.fields,
    ...message.oneofs,
    ...message.messages,
    ...message.enums,
    ...message.extensions,
  ];
  for (const enumeration of message.enums) nested.push(...enumeration.values);
  checkMembers(context, nested);
  for (const inner of message.messages) checkMessage(context, inner);
}

function checkMembers(context: ValidationContext, members: readonly Named[]): void {
  const seen = new Map<string, Named>();
  for (const member of members.length < 2 ? [] : [...members].sort((a, b) => a.node.nameStart - b.node.nameStart)) {
    const other = seen.get(member.name);
    if (other === undefined) seen.set(member.name, member);
    else report(context, member, other);
  }
}

function report(context: ValidationContext, symbol: Named, other: Named | undefined): void {
  if (symbol.name === "") return;
  const { span } = symbol.namePlace;
  if (other === undefined) {
    const message = `"${symbol.fullName}" is the name of a package as well. Rename one of the two.`;
    context.problems.push(problemIn(symbol.file, span.start, span.end, "proto-duplicate-name", message));
    return;
  }
  const isValue = symbol.kind === "enum-value" || other.kind === "enum-value";
  const sameEnum = isValue && (symbol as EnumValueDescriptor).parent === (other as EnumValueDescriptor).parent;
  const scoping = isValue && !sameEnum ? " Enum values stand in the scope around their enum, as in C++." : "";
  const message = `"${symbol.fullName}" is already defined${other.file === symbol.file ? "" : ` in "${other.file.importPath}"`}. Rename one of the two.${scoping}`;
  const related = [{ ...other.namePlace, message: "The first definition" }];
  context.problems.push(problemIn(symbol.file, span.start, span.end, "proto-duplicate-name", message, related));
}
