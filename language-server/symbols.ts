/** The outline of a `.proto` file. */
import { SymbolKind, type DocumentSymbol } from "vscode-languageserver";
import {
  parseProto,
  type EnumNode,
  type FieldNode,
  type MessageNode,
  type ServiceNode,
} from "../contracts/proto/index.ts";
import { indexOf } from "./to-lsp.ts";

interface Named {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly nameStart: number;
}

export function protoSymbols(path: string, text: string): DocumentSymbol[] {
  const file = parseProto(path, text);
  const index = indexOf(text, `after ${path}`);
  const make = (node: Named, kind: SymbolKind, detail: string, children: DocumentSymbol[]): DocumentSymbol[] => {
    if (node.name === "") return [];
    const end = Math.max(node.end, node.nameStart + node.name.length);
    return [
      {
        name: node.name,
        kind,
        ...(detail === "" ? {} : { detail }),
        range: { start: index.positionAt(Math.min(node.start, node.nameStart)), end: index.positionAt(end) },
        selectionRange: {
          start: index.positionAt(node.nameStart),
          end: index.positionAt(node.nameStart + node.name.length),
        },
        ...(children.length === 0 ? {} : { children }),
      },
    ];
  };
  const field = (node: FieldNode) =>
    make(node, SymbolKind.Field, `${node.label === "" ? "" : `${node.label} `}${typeText(node)} = ${node.number}`, []);
  const enumeration = (node: EnumNode) =>
    make(
      node,
      SymbolKind.Enum,
      "",
      node.values.flatMap((value) => make(value, SymbolKind.EnumMember, `${value.number}`, [])),
    );
  const message = (node: MessageNode): DocumentSymbol[] =>
    make(node, SymbolKind.Struct, "", [
      ...node.fields.flatMap(field),
      ...node.messages.flatMap(message),
      ...node.enums.flatMap(enumeration),
    ]);
  const service = (node: ServiceNode) =>
    make(
      node,
      SymbolKind.Interface,
      "",
      node.methods.flatMap((method) =>
        make(method, SymbolKind.Method, `${rpcType(method.request)} → ${rpcType(method.response)}`, []),
      ),
    );
  return [
    ...file.messages.flatMap(message),
    ...file.enums.flatMap(enumeration),
    ...file.services.flatMap(service),
    ...file.extends.flatMap((extend) => extend.fields.flatMap(field)),
  ].sort((a, b) => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character);
}

function typeText(node: FieldNode): string {
  return node.map === undefined ? node.typeName : `map<${node.map.keyType}, ${node.map.valueType}>`;
}

function rpcType(type: { readonly stream: boolean; readonly typeName: string }): string {
  return `${type.stream ? "stream " : ""}${type.typeName}`;
}

/** The offsets of message names in a `.proto`, by full name. */
export function messageNames(path: string, text: string): Map<string, { start: number; end: number }> {
  const file = parseProto(path, text);
  const names = new Map<string, { start: number; end: number }>();
  const visit = (node: MessageNode, prefix: string) => {
    const fullName = prefix === "" ? node.name : `${prefix}.${node.name}`;
    names.set(fullName, { start: node.nameStart, end: node.nameStart + node.name.length });
    for (const nested of node.messages) visit(nested, fullName);
  };
  for (const node of file.messages) visit(node, file.package?.name ?? "");
  return names;
}
