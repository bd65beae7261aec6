import type { DocumentNode, Place } from "../source/index.ts";
import type { JsonValue } from "../codec/decoded.ts";

export type Dialect = "draft-04" | "draft-06" | "draft-07" | "2019-09" | "2020-12" | "openapi-3.0";

export type JsonType = "null" | "boolean" | "number" | "integer" | "string" | "array" | "object";

/**
 * Which way a message goes, for `readOnly` and `writeOnly`: a request's writer does not send what is read-only,
 * a response's does not send what is write-only. Absent where a contract has no such sides.
 */
export type Side = "request" | "response";

/**
 * One schema of any dialect, with the differences between dialects gone: exclusive bounds are numbers, tuples are
 * `prefixItems`, `nullable` is spelled out. Subschemas are compiled with it; references are resolved when asked,
 * since they may lead in circles.
 */
export interface Schema {
  /** Distinct among the schemas of one compiler. */
  readonly id: number;
  readonly place: Place;
  /** What it was compiled from: exporting it for another validator starts here, not from this model. */
  readonly node: DocumentNode;
  readonly dialect: Dialect;
  /** `true` and `false` as schemas. */
  readonly always?: boolean;
  readonly reference?: SchemaReference;

  readonly types?: readonly JsonType[];
  /** OpenAPI 3.0's `nullable: true` beside a `type`. */
  readonly nullable?: boolean;
  readonly const?: { readonly value: JsonValue };
  readonly enum?: readonly JsonValue[];

  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: Pattern;
  readonly format?: string;

  readonly properties?: ReadonlyMap<string, Property>;
  readonly patternProperties?: readonly PatternProperty[];
  readonly additionalProperties?: Schema;
  readonly propertyNames?: Schema;
  readonly unevaluatedProperties?: Schema;
  readonly required?: readonly Requirement[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly dependentRequired?: ReadonlyMap<string, readonly string[]>;
  readonly dependentSchemas?: ReadonlyMap<string, Schema>;

  readonly prefixItems?: readonly Schema[];
  readonly items?: Schema;
  readonly unevaluatedItems?: Schema;
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;

  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;

  readonly title?: string;
  readonly default?: { readonly value: JsonValue };
  /** From `example` and `examples`. */
  readonly examples?: readonly JsonValue[];
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly discriminator?: Discriminator;

  /** Keywords whose meaning here is not decided by this model, each with why: verdicts that touch them are `unknown`. */
  readonly undecided?: readonly string[];
  /** The key of each keyword that has a place worth showing: `properties`, `required`, ... */
  readonly keywordPlaces: ReadonlyMap<string, Place>;
}

export interface Property {
  readonly name: string;
  readonly schema: Schema;
  /** Its key. */
  readonly place: Place;
}

export interface PatternProperty {
  readonly pattern: Pattern;
  readonly schema: Schema;
}

export interface Requirement {
  readonly name: string;
  /** Its item in `required`. */
  readonly place: Place;
}

/** `test` is absent where the pattern is none that this runtime can read. */
export interface Pattern {
  readonly source: string;
  readonly test?: RegExp;
}

export interface Discriminator {
  readonly propertyName: string;
  /** From value to reference. */
  readonly mapping: ReadonlyMap<string, string>;
}

export interface SchemaReference {
  readonly text: string;
  /** What it leads to, or why it leads nowhere. Calls give the same answer each time. */
  readonly target: () => Schema | { readonly failure: string };
}

/** The schema itself, or what its references lead to in the end; `undefined` for a broken chain or a cycle. */
export function dereference(schema: Schema): Schema | undefined {
  let current = schema;
  for (let i = 0; i < 32; i++) {
    if (current.reference === undefined || hasSiblings(current)) return current;
    const target = current.reference.target();
    if ("failure" in target) return undefined;
    current = target;
  }
  return undefined;
}

/**
 * The schemas that all hold for the same value as `schema` does, without condition: itself, its `allOf`, what they
 * refer to. `complete` is false when a reference among them leads nowhere.
 */
export function conjuncts(schemas: readonly Schema[]): {
  readonly schemas: readonly Schema[];
  readonly complete: boolean;
} {
  const result: Schema[] = [];
  const seen = new Set<Schema>();
  // A stack, its top last: what a schema refers to comes before its neighbours, as one reads it.
  const pending = schemas.toReversed();
  let complete = true;
  for (let schema = pending.pop(); schema !== undefined; schema = pending.pop()) {
    if (seen.has(schema)) continue;
    seen.add(schema);
    result.push(schema);
    if (schema.allOf !== undefined) pending.push(...schema.allOf.toReversed());
    if (schema.reference === undefined) continue;
    const target = schema.reference.target();
    if ("failure" in target) complete = false;
    else pending.push(target);
  }
  return { schemas: result, complete };
}

/** Names that a value of `schema` must have on `side`: what only the other side writes is not asked for. */
export function requiredOn(schema: Schema, side: Side | undefined): readonly Requirement[] {
  const { required, properties } = schema;
  if (required === undefined || side === undefined || properties === undefined) return required ?? [];
  return required.filter(({ name }) => {
    const property = properties.get(name);
    return property === undefined || !isHiddenOn(property.schema, side);
  });
}

/** Whether a property of this schema is not sent on `side`. */
export function isHiddenOn(schema: Schema, side: Side | undefined): boolean {
  if (side === undefined) return false;
  return conjuncts([schema]).schemas.some((part) => (side === "request" ? part.readOnly : part.writeOnly) === true);
}

function hasSiblings(schema: Schema): boolean {
  return schema.keywordPlaces.size > 1;
}
