/** XML has no types: before a schema checks it, texts become what the schema says that they are. */
import { conjuncts, isArray, isObject, type Schema } from "../json-schema/index.ts";
import type { JsonValue } from "./decoded.ts";
import { put } from "./json-values.ts";

/** What `schema` is to check: the root element itself where it is a property of the schema, else what it holds. */
export function shapedXml(schema: Schema, value: JsonValue): JsonValue {
  if (!isObject(value)) return value;
  const [root = ""] = Object.keys(value);
  const namesRoot = conjuncts([schema]).schemas.some((part) => part.properties?.has(root));
  return shaped(schema, namesRoot ? value : (value[root] ?? null));
}

function shaped(schema: Schema | undefined, value: JsonValue): JsonValue {
  if (schema === undefined) return value;
  const parts = conjuncts([schema]).schemas;
  const types = new Set(parts.flatMap((part) => part.types ?? []));
  if (types.has("array") || parts.some((part) => part.items !== undefined)) {
    const items = parts.find((part) => part.items !== undefined)?.items;
    const list = isArray(value) ? value : value === "" ? [] : [value];
    return list.map((item) => shaped(items, item));
  }
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "" && (types.has("object") || parts.some((part) => part.properties !== undefined))) return {};
    if (types.has("string")) return value;
    if ((types.has("integer") || types.has("number")) && /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) {
      return Number(text);
    }
    if (types.has("boolean") && (text === "true" || text === "1")) return true;
    if (types.has("boolean") && (text === "false" || text === "0")) return false;
    return value;
  }
  if (!isObject(value)) return value;
  const property = (name: string) => parts.find((part) => part.properties?.has(name))?.properties?.get(name)?.schema;
  const result: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    // Namespaces belong to the writing, not to the data.
    if (/^@(?:xmlns(?::|$)|xsi:)/.test(key)) continue;
    const local = key.replace(/^@/, "").replace(/^.*:/, "");
    const name = property(key) === undefined && property(local) !== undefined ? local : key;
    put(result, name, shaped(property(name), item));
  }
  return result;
}
