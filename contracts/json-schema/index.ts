/**
 * JSON Schema of every dialect that contracts use, as one model.
 *
 * Takes in: a node of a document and its dialect. Hands out: the schema; whether a value satisfies it, and where and
 * why not; a value that satisfies it and shows something; and the schema as other validators take it.
 */
export { SchemaCompiler, dialectOfUri } from "./compile.ts";
export type { DataMessage } from "./data-message.ts";
export { type Construction, type ConstructOptions, type Goal, type Step, construct } from "./construct.ts";
export { type Evaluation, type EvaluationOptions, type SchemaViolation, type Tolerance, evaluate } from "./evaluate.ts";
export { type ExportedSchema, exportSchema } from "./export.ts";
export {
  type Dialect,
  type JsonType,
  type Property,
  type Requirement,
  type Schema,
  type Side,
  conjuncts,
  dereference,
  isHiddenOn,
  requiredOn,
} from "./model.ts";
export { dottedPath, equalValues, isArray, isObject } from "./values.ts";
