import { type DocumentNode, type MappingNode, plainValue } from "../source/index.ts";
import { type Dialect, type Schema, type Side, requiredOn } from "./model.ts";

/** A schema as other validators take it: one self-contained document. */
export interface ExportedSchema {
  readonly schema: unknown;
  readonly dialect: Exclude<Dialect, "openapi-3.0">;
}

type Exported = boolean | { [key: string]: unknown };

/** Keywords that hold data or numbers and go over as they stand in the contract. */
const copied = [
  "const", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
  "pattern", "minProperties", "maxProperties", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
  "dependentRequired",
] as const; // prettier-ignore

/**
 * `schema` with all it refers to as one JSON Schema document for an independent validator. It is written from the
 * contract's own text, not from our model, so that a misreading in the model does not reach the judge too. What is
 * ours is told: `readOnly` and `writeOnly` by side, and OpenAPI 3.0's `nullable` as a type.
 */
export function exportSchema(schema: Schema, side?: Side): ExportedSchema {
  const exporter = new Exporter(side);
  const root = exporter.one(schema);
  const definitions = exporter.definitions;
  const dialect = schema.dialect === "openapi-3.0" ? "draft-04" : schema.dialect;
  if (typeof root === "boolean" || Object.keys(definitions).length === 0) return { schema: root, dialect };
  return { schema: { ...root, definitions }, dialect };
}

class Exporter {
  readonly definitions: { [name: string]: Exported } = {};
  private readonly side: Side | undefined;

  constructor(side: Side | undefined) {
    this.side = side;
  }

  one(schema: Schema): Exported {
    if (schema.always !== undefined) return schema.always;
    const { node } = schema;
    if (node.kind !== "mapping") return {};
    const result: { [key: string]: unknown } = {};
    const hidesSiblings = /^(?:draft-0|openapi)/.test(schema.dialect);
    if (schema.reference !== undefined) {
      result["$ref"] = this.reference(schema.reference.target());
      if (hidesSiblings) return result;
    }
    for (const key of copied) {
      const value = node.get(key);
      if (value !== undefined) result[key] = plainValue(value);
    }
    const type = node.get("type");
    if (type !== undefined) result["type"] = exportType(schema, type);
    const required = requiredOn(schema, this.side).map(({ name }) => name);
    if (required.length > 0) result["required"] = [...new Set(required)];
    this.objects(schema, node, result);
    for (const key of ["allOf", "anyOf", "oneOf"] as const) {
      const parts = schema[key];
      if (parts !== undefined) result[key] = parts.map((part) => this.one(part));
    }
    for (const key of singleSubschemas) {
      const part = schema[key];
      if (part !== undefined) result[key] = this.one(part);
    }
    this.arrays(schema, node, result);
    return result;
  }

  private objects(schema: Schema, node: MappingNode, result: { [key: string]: unknown }): void {
    if (schema.properties !== undefined) {
      result["properties"] = this.named([...schema.properties].map(([name, property]) => [name, property.schema]));
    }
    if (schema.patternProperties !== undefined) {
      result["patternProperties"] = this.named(
        schema.patternProperties.map((part) => [part.pattern.source, part.schema]),
      );
    }
    const dependencies = [...(schema.dependentSchemas ?? [])];
    const names = [...(schema.dependentRequired ?? [])];
    if (node.entry("dependencies") !== undefined) {
      result["dependencies"] = { ...this.named(dependencies), ...Object.fromEntries(names) };
      delete result["dependentRequired"];
    } else if (dependencies.length > 0) result["dependentSchemas"] = this.named(dependencies);
  }

  private arrays(schema: Schema, node: MappingNode, result: { [key: string]: unknown }): void {
    const tuple = schema.prefixItems?.map((part) => this.one(part));
    const rest = schema.items === undefined ? undefined : this.one(schema.items);
    if (node.get("items")?.kind === "sequence" && schema.dialect !== "2020-12") {
      result["items"] = tuple ?? [];
      if (rest !== undefined) result["additionalItems"] = rest;
      return;
    }
    if (tuple !== undefined) result["prefixItems"] = tuple;
    if (rest !== undefined) result["items"] = rest;
  }

  private named(parts: ReadonlyArray<readonly [string, Schema]>): { [key: string]: Exported } {
    return Object.fromEntries(parts.map(([name, part]) => [name, this.one(part)]));
  }

  private reference(target: Schema | { readonly failure: string }): string {
    // A reference that leads nowhere stays one, so that the judge cannot decide either.
    if ("failure" in target) return "#/definitions/nowhere";
    const name = `s${target.id}`;
    if (!Object.hasOwn(this.definitions, name)) {
      this.definitions[name] = true;
      this.definitions[name] = this.one(target);
    }
    return `#/definitions/${name}`;
  }
}

const singleSubschemas = [
  "additionalProperties",
  "propertyNames",
  "unevaluatedProperties",
  "unevaluatedItems",
  "contains",
  "not",
  "if",
  "then",
  "else",
] as const;

function exportType(schema: Schema, type: DocumentNode): unknown {
  const value = plainValue(type);
  if (schema.nullable !== true || Array.isArray(value)) return value;
  return [value, "null"];
}
