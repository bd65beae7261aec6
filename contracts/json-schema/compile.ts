import type { JsonValue } from "../codec/decoded.ts";
import {
  type DocumentNode,
  type DocumentSet,
  type MappingNode,
  type Place,
  itemsAt,
  keyPlace,
  mappingAt,
  placeOf,
  plainValue,
  stringAt,
} from "../source/index.ts";
import type { Dialect, Discriminator, JsonType, Pattern, PatternProperty, Property, Schema } from "./model.ts";

/** `Schema` while it is being filled in. */
type Draft = { -readonly [K in keyof Schema]: Schema[K] };

const typeNames: ReadonlySet<string> = new Set(["null", "boolean", "number", "integer", "string", "array", "object"]);

/** What `$schema` says, by a part of the URI that is the same however it is written. */
const schemaUris: ReadonlyArray<readonly [fragment: string, dialect: Dialect]> = [
  ["json-schema.org/draft-04/", "draft-04"],
  ["json-schema.org/draft-06/", "draft-06"],
  ["json-schema.org/draft-07/", "draft-07"],
  ["json-schema.org/draft/2019-09/", "2019-09"],
  ["json-schema.org/draft/2020-12/", "2020-12"],
  ["spec.openapis.org/oas/3.1/", "2020-12"],
];

/** The dialect that a `$schema` URI names. */
export function dialectOfUri(uri: string): Dialect | undefined {
  return schemaUris.find(([fragment]) => uri.includes(fragment))?.[1];
}

/** Makes schemas of document nodes. One compiler gives one schema for one node and dialect, always the same object. */
export class SchemaCompiler {
  private readonly documents: DocumentSet;
  private readonly known = new Map<DocumentNode, Map<Dialect, Schema>>();
  private nextId = 1;

  constructor(documents: DocumentSet) {
    this.documents = documents;
  }

  /** The schema at `node` of the file `path`. A `$schema` in the node wins over `dialect`. */
  compile(path: string, node: DocumentNode, dialect: Dialect): Schema {
    const byDialect = this.known.get(node) ?? new Map<Dialect, Schema>();
    const known = byDialect.get(dialect);
    if (known !== undefined) return known;
    const schema: Draft = {
      id: this.nextId++,
      place: placeOf(path, node),
      node,
      dialect,
      keywordPlaces: noPlaces,
    };
    byDialect.set(dialect, schema);
    this.known.set(node, byDialect);
    if (node.kind === "mapping") this.readKeywords(schema, path, node);
    else if (node.kind === "scalar" && typeof node.value === "boolean") schema.always = node.value;
    else schema.undecided = ["what stands here is not a schema"];
    return schema;
  }

  private readKeywords(schema: Draft, path: string, node: MappingNode): void {
    const own = stringAt(node, "$schema");
    const dialect = (own === undefined ? undefined : dialectOfUri(own)) ?? schema.dialect;
    schema.dialect = dialect;
    const places = new Map<string, Place>();
    for (const entry of node.entries) places.set(entry.key, keyPlace(path, entry));
    schema.keywordPlaces = places;
    const undecided: string[] = [];
    const oldReference = dialect === "draft-04" || dialect === "draft-06" || dialect === "draft-07";

    const reference = stringAt(node, "$ref") ?? stringAt(node, "$dynamicRef") ?? stringAt(node, "$recursiveRef");
    if (reference !== undefined) {
      if (!node.entry("$ref")) undecided.push("a dynamic reference is read as a plain one");
      schema.reference = { text: reference, target: this.lazyTarget(path, reference, dialect) };
      // Up to draft-07, and in OpenAPI 3.0, whatever stands beside a `$ref` is ignored.
      if (oldReference || dialect === "openapi-3.0") {
        schema.keywordPlaces = new Map([["$ref", places.get("$ref") ?? schema.place]]);
        return;
      }
    }
    this.readValues(schema, node, undecided);
    this.readBounds(schema, node, undecided);
    this.readObjects(schema, path, node, dialect);
    this.readArrays(schema, path, node, dialect);
    for (const key of ["allOf", "anyOf", "oneOf"] as const) {
      const items = itemsAt(node, key);
      if (items.length > 0) schema[key] = items.map((item) => this.compile(path, item, dialect));
    }
    for (const key of ["not", "if", "then", "else"] as const) {
      const value = node.get(key);
      if (value !== undefined) schema[key] = this.compile(path, value, dialect);
    }
    if (undecided.length > 0) schema.undecided = undecided;
  }

  private lazyTarget(path: string, reference: string, dialect: Dialect): () => Schema | { failure: string } {
    let answer: Schema | { failure: string } | undefined;
    return () => {
      if (answer !== undefined) return answer;
      const target = this.documents.resolve(path, reference);
      answer = "failure" in target ? target : this.compile(target.path, target.node, dialect);
      return answer;
    };
  }

  private readValues(schema: Draft, node: MappingNode, undecided: string[]): void {
    const type = node.get("type");
    const names = type?.kind === "sequence" ? type.items : type === undefined ? [] : [type];
    const types = names.flatMap((item) =>
      item.kind === "scalar" && (item.value === null || typeNames.has(String(item.value)))
        ? [(item.value === null ? "null" : item.value) as JsonType]
        : [],
    );
    if (types.length > 0) schema.types = types;
    if (schema.dialect === "openapi-3.0" && types.length > 0 && booleanAt(node, "nullable")) schema.nullable = true;
    const constant = node.get("const");
    if (constant !== undefined) schema.const = { value: plainValue(constant) };
    const values = node.get("enum");
    if (values?.kind === "sequence") schema.enum = values.items.map((item) => plainValue(item));
    if ([constant, values].some((value) => value !== undefined && holdsInexactNumber(value))) {
      undecided.push("a number here is too large or too fine to be compared exactly");
    }

    const title = stringAt(node, "title");
    if (title !== undefined) schema.title = title;
    const fallback = node.get("default");
    if (fallback !== undefined) schema.default = { value: plainValue(fallback) };
    const examples: JsonValue[] = [];
    const example = node.get("example");
    if (example !== undefined) examples.push(plainValue(example));
    for (const item of itemsAt(node, "examples")) examples.push(plainValue(item));
    if (examples.length > 0) schema.examples = examples;
    if (booleanAt(node, "readOnly")) schema.readOnly = true;
    if (booleanAt(node, "writeOnly")) schema.writeOnly = true;
    const discriminator = readDiscriminator(node.get("discriminator"));
    if (discriminator !== undefined) schema.discriminator = discriminator;
  }

  private readBounds(schema: Draft, node: MappingNode, undecided: string[]): void {
    const inexact: string[] = [];
    const number = (key: string): number | undefined => {
      const value = node.get(key);
      if (value?.kind !== "scalar" || typeof value.value !== "number") return undefined;
      if (value.exactText !== undefined) inexact.push(key);
      return value.value;
    };
    for (const key of numberKeywords) {
      const value = number(key);
      if (value !== undefined) schema[key] = value;
    }
    for (const [bound, exclusive] of [
      ["minimum", "exclusiveMinimum"],
      ["maximum", "exclusiveMaximum"],
    ] as const) {
      const value = number(exclusive);
      if (value !== undefined) schema[exclusive] = value;
      else if (booleanAt(node, exclusive) && schema[bound] !== undefined) {
        schema[exclusive] = schema[bound];
        delete schema[bound];
      }
    }
    if (inexact.length > 0) undecided.push(`"${inexact[0]}" is too large or too fine to be compared exactly`);
    const pattern = stringAt(node, "pattern");
    if (pattern !== undefined) schema.pattern = readPattern(pattern);
    const format = stringAt(node, "format");
    if (format !== undefined) schema.format = format;
    if (booleanAt(node, "uniqueItems")) schema.uniqueItems = true;
  }

  private readObjects(schema: Draft, path: string, node: MappingNode, dialect: Dialect): void {
    const properties = mappingAt(node, "properties");
    if (properties !== undefined) {
      const map = new Map<string, Property>();
      for (const entry of properties.entries) {
        map.set(entry.key, {
          name: entry.key,
          schema: this.compile(path, entry.value, dialect),
          place: keyPlace(path, entry),
        });
      }
      schema.properties = map;
    }
    const patterns = mappingAt(node, "patternProperties");
    if (patterns !== undefined && dialect !== "openapi-3.0") {
      schema.patternProperties = patterns.entries.map((entry): PatternProperty => ({
        pattern: readPattern(entry.key),
        schema: this.compile(path, entry.value, dialect),
      }));
    }
    for (const key of ["additionalProperties", "propertyNames", "unevaluatedProperties"] as const) {
      const value = node.get(key);
      if (value !== undefined) schema[key] = this.compile(path, value, dialect);
    }
    const required = itemsAt(node, "required");
    if (required.length > 0) {
      schema.required = required.flatMap((item) =>
        item.kind === "scalar" && item.value !== null ? [{ name: String(item.value), place: placeOf(path, item) }] : [],
      );
    }
    this.readDependencies(schema, path, node, dialect);
  }

  private readDependencies(schema: Draft, path: string, node: MappingNode, dialect: Dialect): void {
    const names = new Map<string, readonly string[]>();
    const schemas = new Map<string, Schema>();
    for (const key of ["dependencies", "dependentRequired", "dependentSchemas"]) {
      for (const entry of mappingAt(node, key)?.entries ?? []) {
        if (entry.value.kind === "sequence") {
          names.set(
            entry.key,
            entry.value.items.map((item) => (item.kind === "scalar" ? String(item.value) : "")),
          );
        } else schemas.set(entry.key, this.compile(path, entry.value, dialect));
      }
    }
    if (names.size > 0) schema.dependentRequired = names;
    if (schemas.size > 0) schema.dependentSchemas = schemas;
  }

  private readArrays(schema: Draft, path: string, node: MappingNode, dialect: Dialect): void {
    const items = node.get("items");
    const prefix = itemsAt(node, "prefixItems");
    if (prefix.length > 0) schema.prefixItems = prefix.map((item) => this.compile(path, item, dialect));
    if (items?.kind === "sequence") {
      schema.prefixItems = items.items.map((item) => this.compile(path, item, dialect));
      const rest = node.get("additionalItems");
      if (rest !== undefined) schema.items = this.compile(path, rest, dialect);
    } else if (items !== undefined) schema.items = this.compile(path, items, dialect);
    for (const key of ["contains", "unevaluatedItems"] as const) {
      const value = node.get(key);
      if (value !== undefined) schema[key] = this.compile(path, value, dialect);
    }
  }
}

const noPlaces: ReadonlyMap<string, Place> = new Map();

const numberKeywords = [
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minProperties",
  "maxProperties",
  "minItems",
  "maxItems",
  "minContains",
  "maxContains",
] as const;

function booleanAt(node: MappingNode, key: string): boolean {
  const value = node.get(key);
  return value?.kind === "scalar" && value.value === true;
}

function readPattern(source: string): Pattern {
  for (const flags of ["u", ""]) {
    try {
      return { source, test: new RegExp(source, flags) };
    } catch {
      // Tried again without the flag: older dialects allow escapes that `u` refuses.
    }
  }
  return { source };
}

function readDiscriminator(node: DocumentNode | undefined): Discriminator | undefined {
  const propertyName = stringAt(node, "propertyName") ?? (node?.kind === "scalar" ? node.value : undefined);
  if (typeof propertyName !== "string") return undefined;
  const mapping = new Map<string, string>();
  for (const entry of mappingAt(node, "mapping")?.entries ?? []) {
    if (entry.value.kind === "scalar") mapping.set(entry.key, String(entry.value.value));
  }
  return { propertyName, mapping };
}

function holdsInexactNumber(node: DocumentNode): boolean {
  if (node.kind === "scalar") return node.exactText !== undefined;
  if (node.kind === "sequence") return node.items.some(holdsInexactNumber);
  return node.entries.some((entry) => holdsInexactNumber(entry.value));
}
