/**
 * Avro schemas, as `.avsc` files and AsyncAPI documents have them.
 *
 *     schema  = "name" | [schema, ...] (a union) | {"type": ..., attributes}
 *     named   = record, error, enum, fixed: `name`, `namespace`, `aliases`
 *
 * A name is looked up in its own document first, then in every other `.avsc` file: tools keep one type a file. Types may
 * refer to themselves; nothing here recurses on what a schema refers to, only on how deep its text is nested.
 */
import {
  type DocumentNode,
  type DocumentSet,
  type MappingNode,
  type Place,
  itemsAt,
  placeOf,
  stringAt,
} from "../source/index.ts";

export type AvroPrimitive = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

/** A meaning that is put upon a type, as far as this reader knows it; `scale` belongs to decimals. */
export interface AvroLogical {
  readonly name: string;
  readonly scale: number;
}

export interface AvroField {
  readonly name: string;
  readonly schema: AvroSchema;
  readonly isSecret: boolean;
}

export interface AvroRecord {
  readonly kind: "record";
  readonly fullName: string;
  readonly fields: AvroField[];
  readonly aliases: readonly string[];
  /** Of its name. */
  readonly place: Place;
}

export type AvroSchema =
  | { readonly kind: AvroPrimitive; readonly logical?: AvroLogical }
  | AvroRecord
  | { readonly kind: "enum"; readonly fullName: string; readonly symbols: readonly string[] }
  | { readonly kind: "fixed"; readonly fullName: string; readonly size: number; readonly logical?: AvroLogical }
  | { readonly kind: "array"; items: AvroSchema }
  | { readonly kind: "map"; values: AvroSchema }
  | { readonly kind: "union"; readonly branches: AvroSchema[] }
  /** What cannot be read as a schema: no bytes are read by it. */
  | { readonly kind: "broken"; readonly failure: string };

const primitives: ReadonlySet<string> = new Set([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
]);
const namedKinds: ReadonlySet<string> = new Set(["record", "error", "enum", "fixed"]);
/** Schemas nested deeper in their text are no work of people. */
const deepestText = 100;

/** Where a named type is defined, and the namespace around it. */
interface Definition {
  readonly path: string;
  readonly node: MappingNode;
  readonly fullName: string;
  readonly scope: Scope;
}

/** One schema text: names in it are found before those of other files. */
interface Scope {
  readonly path: string;
  readonly names: Map<string, Definition>;
}

export function isAvroSchemaFile(path: string): boolean {
  return /\.avsc$/i.test(path);
}

/** The Avro schemas of one version of all contracts. */
export class AvroSchemas {
  private readonly documents: DocumentSet;
  private readonly everywhere = new Map<string, Definition>();
  private readonly scopes = new Map<DocumentNode, Scope>();
  private readonly made = new Map<DocumentNode, AvroSchema>();

  constructor(documents: DocumentSet, paths: Iterable<string>) {
    this.documents = documents;
    for (const path of paths) {
      const root = isAvroSchemaFile(path) ? documents.document(path)?.root : undefined;
      if (root !== undefined) this.scopeOf(path, root);
    }
  }

  /** The records that a file defines at its top, one by one where it is a list of types. */
  recordsOf(path: string): readonly AvroRecord[] {
    const root = this.documents.document(path)?.root;
    if (root === undefined) return [];
    const schema = this.schema(path, root);
    const tops = schema.kind === "union" ? schema.branches : [schema];
    return tops.filter((top) => top.kind === "record");
  }

  /** The schema at `node`, which may refer to another file; always the same for the same node. */
  schema(path: string, node: DocumentNode): AvroSchema {
    const reference = stringAt(node, "$ref");
    if (reference !== undefined) {
      const target = this.documents.resolve(path, reference);
      if ("failure" in target) return broken(`"${reference}" leads nowhere: ${target.failure}`);
      return stringAt(target.node, "$ref") === undefined
        ? this.schema(target.path, target.node)
        : broken(`"${reference}" leads to another reference`);
    }
    return this.read(this.scopeOf(path, node), node, "", 0);
  }

  private scopeOf(path: string, root: DocumentNode): Scope {
    const known = this.scopes.get(root);
    if (known !== undefined) return known;
    const scope: Scope = { path, names: new Map() };
    this.scopes.set(root, scope);
    this.collect(scope, root, "", 0);
    for (const [name, definition] of scope.names) if (!this.everywhere.has(name)) this.everywhere.set(name, definition);
    return scope;
  }

  private collect(scope: Scope, node: DocumentNode, namespace: string, depth: number): void {
    if (depth > deepestText || node.kind === "scalar") return;
    if (node.kind === "sequence") {
      for (const item of node.items) this.collect(scope, item, namespace, depth + 1);
      return;
    }
    const fullName = fullNameOf(node, namespace);
    const type = node.get("type");
    let inner = namespace;
    if (fullName !== undefined && type?.kind === "scalar" && namedKinds.has(String(type.value))) {
      const definition: Definition = { path: scope.path, node, fullName, scope };
      if (!scope.names.has(fullName)) scope.names.set(fullName, definition);
      inner = namespaceOf(fullName);
      for (const alias of aliasesOf(node, inner)) if (!scope.names.has(alias)) scope.names.set(alias, definition);
    }
    for (const field of itemsAt(node, "fields")) {
      const fieldType = field.kind === "mapping" ? field.get("type") : undefined;
      if (fieldType !== undefined) this.collect(scope, fieldType, inner, depth + 1);
    }
    for (const key of ["type", "items", "values"]) {
      const part = node.get(key);
      if (part !== undefined) this.collect(scope, part, inner, depth + 1);
    }
  }

  private read(scope: Scope, node: DocumentNode, namespace: string, depth: number): AvroSchema {
    if (depth > deepestText) return broken("its text is nested too deep");
    if (node.kind === "scalar") {
      if (node.value === null) return { kind: "null" };
      return typeof node.value === "string" ? this.byName(scope, node.value, namespace) : broken("a type is a name");
    }
    const known = this.made.get(node);
    if (known !== undefined) return known;
    if (node.kind === "sequence") {
      const union: AvroSchema = { kind: "union", branches: [] };
      this.made.set(node, union);
      for (const item of node.items) union.branches.push(this.read(scope, item, namespace, depth + 1));
      return union;
    }
    return this.readMapping(scope, node, namespace, depth);
  }

  private readMapping(scope: Scope, node: MappingNode, namespace: string, depth: number): AvroSchema {
    const type = node.get("type");
    if (type === undefined) return broken(`a schema has no "type"`);
    if (type.kind !== "scalar") return this.read(scope, type, namespace, depth + 1);
    const keep = <S extends AvroSchema>(schema: S): S => {
      this.made.set(node, schema);
      return schema;
    };
    const name = String(type.value);
    const logical = logicalOf(node);
    switch (name) {
      case "record":
      case "error": {
        const fullName = fullNameOf(node, namespace);
        if (fullName === undefined) return broken("a record has no name");
        const inner = namespaceOf(fullName);
        const nameNode = node.get("name") ?? node;
        const record = keep<AvroRecord>({
          kind: "record",
          fullName,
          fields: [],
          aliases: aliasesOf(node, inner),
          place: placeOf(scope.path, nameNode),
        });
        for (const field of itemsAt(node, "fields")) {
          const fieldName = stringAt(field, "name") ?? "";
          const fieldType = field.kind === "mapping" ? field.get("type") : undefined;
          const schema =
            fieldType === undefined
              ? broken(`the field "${fieldName}" has no type`)
              : this.read(scope, fieldType, inner, depth + 1);
          record.fields.push({ name: fieldName, schema, isSecret: isMarkedSecret(field) || isMarkedSecret(fieldType) });
        }
        return record;
      }
      case "enum": {
        const symbols = itemsAt(node, "symbols").map((item) => (item.kind === "scalar" ? String(item.value) : ""));
        return keep({ kind: "enum", fullName: fullNameOf(node, namespace) ?? "", symbols });
      }
      case "fixed": {
        const size = node.get("size");
        const bytes = size?.kind === "scalar" && typeof size.value === "number" ? size.value : -1;
        if (!Number.isInteger(bytes) || bytes < 0) return broken(`a fixed type has no "size"`);
        return keep({ kind: "fixed", fullName: fullNameOf(node, namespace) ?? "", size: bytes, ...logical });
      }
      case "array":
      case "map": {
        const key = name === "array" ? "items" : "values";
        const part = node.get(key);
        if (part === undefined) return broken(`a type "${name}" has no "${key}"`);
        if (name === "array") {
          const array = keep<AvroSchema & { kind: "array" }>({ kind: "array", items: { kind: "null" } });
          array.items = this.read(scope, part, namespace, depth + 1);
          return array;
        }
        const map = keep<AvroSchema & { kind: "map" }>({ kind: "map", values: { kind: "null" } });
        map.values = this.read(scope, part, namespace, depth + 1);
        return map;
      }
      default:
        return primitives.has(name)
          ? keep({ kind: name as AvroPrimitive, ...logical })
          : this.byName(scope, name, namespace);
    }
  }

  private byName(scope: Scope, name: string, namespace: string): AvroSchema {
    if (primitives.has(name)) return { kind: name as AvroPrimitive };
    const full = name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
    const found =
      scope.names.get(full) ?? scope.names.get(name) ?? this.everywhere.get(full) ?? this.everywhere.get(name);
    if (found === undefined) return broken(`no schema here defines the type "${full}"`);
    const known = this.made.get(found.node);
    return known ?? this.readMapping(found.scope, found.node, namespaceOf(found.fullName), 0);
  }
}

function broken(failure: string): AvroSchema {
  return { kind: "broken", failure };
}

function fullNameOf(node: MappingNode, surrounding: string): string | undefined {
  const name = stringAt(node, "name");
  if (name === undefined || name === "") return undefined;
  if (name.includes(".")) return name.replace(/^\./, "");
  const namespace = stringAt(node, "namespace") ?? surrounding;
  return namespace === "" ? name : `${namespace}.${name}`;
}

function namespaceOf(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
}

function aliasesOf(node: MappingNode, namespace: string): string[] {
  return itemsAt(node, "aliases").flatMap((item) => {
    if (item.kind !== "scalar" || typeof item.value !== "string") return [];
    return item.value.includes(".") || namespace === "" ? [item.value] : [`${namespace}.${item.value}`];
  });
}

function logicalOf(node: MappingNode): { logical?: AvroLogical } {
  const name = stringAt(node, "logicalType");
  if (name === undefined) return {};
  const scale = node.get("scale");
  return { logical: { name, scale: scale?.kind === "scalar" && typeof scale.value === "number" ? scale.value : 0 } };
}

function isMarkedSecret(node: DocumentNode | undefined): boolean {
  if (node?.kind !== "mapping") return false;
  return ["x-sensitive", "sensitive"].some((key) => {
    const value = node.get(key);
    return value?.kind === "scalar" && value.value === true;
  });
}
