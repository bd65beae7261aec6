/** The types that a contract gives to the members of a value. */
import { conjuncts, evaluate, type Schema } from "../json-schema/index.ts";
import type { AvroSchema } from "./avro-schema.ts";
import type { JsonValue } from "./decoded.ts";
import { mostFields, wayTo } from "./field-map.ts";
import { lastName } from "./type-names.ts";

const deepest = 64;

/** The types that a JSON schema gives to the members of `value`. */
export function schemaTypes(schema: Schema, value: JsonValue): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  const visit = (schemas: readonly Schema[], item: JsonValue, way: string, depth: number): void => {
    if (types.size >= mostFields || depth > deepest) return;
    const holding = holdingFor(schemas, item);
    const type = typeText(holding);
    if (way !== "" && type !== "") types.set(way, type);
    if (Array.isArray(item)) {
      for (const [index, one] of (item as readonly JsonValue[]).entries()) {
        const inner = holding.flatMap((each) => each.prefixItems?.[index] ?? each.items ?? []);
        if (inner.length > 0) visit(inner, one, wayTo(way, String(index)), depth + 1);
      }
    } else if (typeof item === "object" && item !== null) {
      for (const [name, one] of Object.entries(item)) {
        const inner = holding.flatMap((each) => memberSchemas(each, name));
        if (inner.length > 0) visit(inner, one, wayTo(way, name), depth + 1);
      }
    }
  };
  visit([schema], value, "", 0);
  return types;
}

/** The schemas that hold for the value: without condition, and of alternatives those that it satisfies. */
function holdingFor(schemas: readonly Schema[], value: JsonValue): readonly Schema[] {
  const holding = conjuncts(schemas).schemas;
  const alternatives = holding.flatMap((schema) => [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]);
  const chosen = alternatives.slice(0, 20).filter((schema) => evaluate(schema, value).outcome === "valid");
  return chosen.length === 0 ? holding : [...holding, ...conjuncts(chosen).schemas];
}

function memberSchemas(schema: Schema, name: string): readonly Schema[] {
  const own = schema.properties?.get(name);
  if (own !== undefined) return [own.schema];
  const byPattern = (schema.patternProperties ?? []).filter(({ pattern }) => pattern.test?.test(name) === true);
  if (byPattern.length > 0) return byPattern.map((each) => each.schema);
  return schema.additionalProperties === undefined ? [] : [schema.additionalProperties];
}

/** `integer`, `string (date-time)`, `enum`: as far as the schemas say it. */
function typeText(schemas: readonly Schema[]): string {
  const names = new Set(schemas.flatMap((schema) => schema.types ?? []));
  const base = schemas.some((schema) => schema.enum !== undefined) ? "enum" : [...names].join(" or ");
  const format = schemas.find((schema) => schema.format !== undefined)?.format;
  return format === undefined ? base : base === "" ? format : `${base} (${format})`;
}

/** The types that an Avro schema gives to the members of `value`. */
export function avroTypes(schema: AvroSchema, value: JsonValue): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  const visit = (each: AvroSchema, item: JsonValue, way: string, depth: number): void => {
    if (types.size >= mostFields || depth > deepest) return;
    if (way !== "") types.set(way, avroText(each));
    const inner = each.kind === "union" ? onlyBranch(each.branches) : each;
    if (inner === undefined || typeof item !== "object" || item === null) return;
    if (Array.isArray(item)) {
      if (inner.kind !== "array") return;
      for (const [index, one] of (item as readonly JsonValue[]).entries())
        visit(inner.items, one, wayTo(way, String(index)), depth + 1);
      return;
    }
    const members = item as { readonly [key: string]: JsonValue };
    if (inner.kind === "record") {
      for (const field of inner.fields) {
        const one = Object.hasOwn(members, field.name) ? members[field.name] : undefined;
        if (one !== undefined) visit(field.schema, one, wayTo(way, field.name), depth + 1);
      }
    } else if (inner.kind === "map") {
      for (const [name, one] of Object.entries(members)) visit(inner.values, one, wayTo(way, name), depth + 1);
    }
  };
  visit(schema, value, "", 0);
  return types;
}

/** The branch of an optional value; which of several a value has, its JSON form does not say. */
function onlyBranch(branches: readonly AvroSchema[]): AvroSchema | undefined {
  const real = branches.filter((branch) => branch.kind !== "null");
  return real.length === 1 ? real[0] : undefined;
}

function avroText(schema: AvroSchema): string {
  switch (schema.kind) {
    case "record":
    case "enum":
      return lastName(schema.fullName);
    case "array":
      return `${avroText(schema.items)}[]`;
    case "map":
      return `map<${avroText(schema.values)}>`;
    case "union":
      return schema.branches.map(avroText).join(" or ");
    case "broken":
      return "";
    default:
      return "logical" in schema && schema.logical !== undefined
        ? `${schema.kind} (${schema.logical.name})`
        : schema.kind;
  }
}
