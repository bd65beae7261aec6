/**
 * The tree of one .proto file, as written: nothing is resolved here.
 *
 * Nodes hold plain offsets instead of span objects, since a large check keeps millions of them. An identifier's
 * end is its start plus its length. `trivia` is the end of the token before a declaration: its comments stand there.
 */
import type { Problem } from "../source/index.ts";

export interface ProtoFile {
  readonly path: string;
  readonly text: string;
  readonly syntax: SyntaxNode | undefined;
  readonly package: PackageNode | undefined;
  readonly imports: readonly ImportNode[];
  readonly options: readonly OptionNode[];
  readonly messages: readonly MessageNode[];
  readonly enums: readonly EnumNode[];
  readonly services: readonly ServiceNode[];
  readonly extends: readonly ExtendNode[];
  /** What the parser found wrong. The rest of the file is in the tree all the same. */
  readonly problems: readonly Problem[];
}

/** From the first to the last character of a declaration. */
export interface Node {
  readonly start: number;
  end: number;
}

export interface SyntaxNode extends Node {
  readonly keyword: "syntax" | "edition";
  readonly value: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface PackageNode extends Node {
  readonly name: string;
  readonly nameStart: number;
  readonly nameEnd: number;
}

export interface ImportNode extends Node {
  readonly modifier: "" | "public" | "weak" | "option";
  readonly modifierStart: number;
  readonly path: string;
  readonly pathStart: number;
  readonly pathEnd: number;
}

export type Visibility = "" | "export" | "local";

export interface MessageNode extends Node {
  readonly kind: "message";
  readonly trivia: number;
  readonly visibility: Visibility;
  readonly name: string;
  readonly nameStart: number;
  /** A group is a message and a field in one; its field stands in the surrounding body. */
  readonly isGroup: boolean;
  /** All fields in their order, those of oneofs and groups too. */
  readonly fields: FieldNode[];
  readonly oneofs: OneofNode[];
  readonly messages: MessageNode[];
  readonly enums: EnumNode[];
  readonly extends: ExtendNode[];
  readonly options: OptionNode[];
  readonly extensionRanges: RangeNode[];
  readonly reservedRanges: RangeNode[];
  readonly reservedNames: ReservedNameNode[];
}

export type Label = "" | "optional" | "required" | "repeated";

export interface FieldNode extends Node {
  readonly kind: "field";
  readonly trivia: number;
  readonly label: Label;
  /** As written, without white space: `int32`, `.shop.v1.Order`; for a map `map`, for a group the group's name. */
  readonly typeName: string;
  readonly typeStart: number;
  readonly typeEnd: number;
  readonly name: string;
  readonly nameStart: number;
  /** NaN where the number is missing. */
  readonly number: number;
  readonly numberStart: number;
  readonly numberEnd: number;
  readonly options: readonly OptionNode[];
  readonly oneof: OneofNode | undefined;
  readonly map: MapTypeNode | undefined;
  readonly group: MessageNode | undefined;
}

export interface MapTypeNode {
  readonly keyType: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueType: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface OneofNode extends Node {
  readonly kind: "oneof";
  readonly trivia: number;
  readonly name: string;
  readonly nameStart: number;
  readonly options: OptionNode[];
}

export interface RangeNode extends Node {
  /** Both inclusive; `to max` is the greatest number that the place allows. */
  readonly from: number;
  readonly to: number;
  readonly fromStart: number;
  readonly fromEnd: number;
  readonly toStart: number;
  readonly toEnd: number;
  readonly isMax: boolean;
  readonly options: readonly OptionNode[];
}

export interface ReservedNameNode extends Node {
  readonly name: string;
  readonly quoted: boolean;
}

export interface EnumNode extends Node {
  readonly kind: "enum";
  readonly trivia: number;
  readonly visibility: Visibility;
  readonly name: string;
  readonly nameStart: number;
  readonly values: EnumValueNode[];
  readonly options: OptionNode[];
  readonly reservedRanges: RangeNode[];
  readonly reservedNames: ReservedNameNode[];
}

export interface EnumValueNode extends Node {
  readonly kind: "enum-value";
  readonly trivia: number;
  readonly name: string;
  readonly nameStart: number;
  readonly number: number;
  readonly numberStart: number;
  readonly numberEnd: number;
  readonly options: readonly OptionNode[];
}

export interface ServiceNode extends Node {
  readonly kind: "service";
  readonly trivia: number;
  readonly name: string;
  readonly nameStart: number;
  readonly methods: MethodNode[];
  readonly options: OptionNode[];
}

export interface MethodNode extends Node {
  readonly kind: "method";
  readonly trivia: number;
  readonly name: string;
  readonly nameStart: number;
  readonly request: MethodTypeNode;
  readonly response: MethodTypeNode;
  readonly options: readonly OptionNode[];
}

export interface MethodTypeNode extends Node {
  readonly stream: boolean;
  readonly streamStart: number;
  readonly typeName: string;
}

export interface ExtendNode extends Node {
  readonly kind: "extend";
  readonly trivia: number;
  readonly typeName: string;
  readonly typeStart: number;
  readonly typeEnd: number;
  readonly fields: FieldNode[];
  /** Messages that groups in this block define; they belong to the scope around it. */
  readonly messages: MessageNode[];
}

export interface OptionNode extends Node {
  readonly name: readonly OptionNamePart[];
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: ValueNode | undefined;
}

export interface OptionNamePart extends Node {
  /** Without parentheses: `deprecated`, `google.api.http`. */
  readonly text: string;
  readonly isExtension: boolean;
}

export type ValueNode =
  | (Node & { readonly kind: "word"; readonly text: string; readonly negative: boolean })
  | (Node & { readonly kind: "int" | "float"; readonly text: string; readonly negative: boolean })
  | (Node & { readonly kind: "string"; readonly text: string })
  | (Node & { readonly kind: "list"; readonly items: readonly ValueNode[] })
  | (Node & { readonly kind: "message"; readonly fields: readonly MessageFieldNode[] });

/** One `name: value` of a message literal. */
export interface MessageFieldNode extends Node {
  /** Without brackets; for `[type.googleapis.com/pkg.Type]` with its slash. */
  readonly name: string;
  readonly isExtension: boolean;
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly value: ValueNode | undefined;
  readonly hasColon: boolean;
}
