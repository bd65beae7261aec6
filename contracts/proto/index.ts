/**
 * Protocol Buffers: proto2, proto3, and editions 2023 and 2024.
 *
 * Takes in: the texts of .proto files, and the folders that imports are relative to. Hands out: trees with all
 * offsets, and a linked schema of descriptors with a place for every element. Any text gives a result and problems.
 */
export type * from "./ast.ts";
export { tokenKind, type TokenKind } from "./lexer.ts";
export { printTokens, tokenize, type Token } from "./tokens.ts";
export { parseProto } from "./parser.ts";
export { linkProto } from "./link.ts";
export { ProtoSchema, nestedMessages } from "./schema.ts";
export { isWithin, moduleOf, type ModuleRoot } from "./modules.ts";
export type { Features, SyntaxVersion } from "./features.ts";
export {
  EnumDescriptor,
  EnumValueDescriptor,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  OneofDescriptor,
  PackageSymbol,
  ServiceDescriptor,
  defaultJsonName,
  isScalar,
  optionNode,
  optionText,
  optionWord,
  scalarTypes,
  type Descriptor,
  type FieldType,
  type ScalarType,
  type ScopedSymbol,
} from "./descriptors.ts";
export { base64, fromBase64, readWire, utf8, wireType, type WireField, type WireType } from "./wire.ts";
export {
  MessageValue,
  readMessage,
  defaultOf,
  writeMessage,
  type FieldValue,
  type MapValue,
  type ScalarValue,
  type SingleValue,
} from "./wire-message.ts";
