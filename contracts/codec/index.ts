/**
 * Bytes and values by contract.
 *
 * Takes in: the texts of contracts, and the bytes of a message with what is known of it. Hands out: the value, the
 * definition it was read by, what is wrong with it at which path, where each of its fields lies in the bytes, and,
 * where it could not be read, why, per attempt.
 */
export * from "./decoded.ts";
export * from "./catalog-types.ts";
export type { Leaf, LeafForm, VisitLeaf } from "./leaves.ts";
export type { FieldFacts, FieldMap, UnreadField } from "./field-map.ts";
export { createCatalog } from "./catalog.ts";
export {
  isRegisteredPath,
  schemaNamed,
  schemaTitle,
  type NamedSchema,
  type RegisteredSchema,
  type SchemaSource,
  type SchemaState,
} from "./registered.ts";
export {
  decodeProtobuf,
  encodeProtobuf,
  largestProtobuf,
  looksLikeProtobuf,
  protobufPlausibility,
  type ProtobufReading,
  type ProtobufWriting,
} from "./protobuf.ts";
export { readAsJson, readAsWire, readDefault, type NumberedReading } from "./protobuf-numbered.ts";
