/** The features of editions, as they hold for one element; proto2 and proto3 are two fixed sets of them. */
import type { OptionNode, ValueNode } from "./ast.ts";

export interface Features {
  readonly fieldPresence: "EXPLICIT" | "IMPLICIT" | "LEGACY_REQUIRED";
  readonly enumType: "OPEN" | "CLOSED";
  readonly repeatedFieldEncoding: "PACKED" | "EXPANDED";
  readonly utf8Validation: "VERIFY" | "NONE";
  readonly messageEncoding: "LENGTH_PREFIXED" | "DELIMITED";
  readonly jsonFormat: "ALLOW" | "LEGACY_BEST_EFFORT";
  readonly enforceNamingStyle: "STYLE_LEGACY" | "STYLE2024";
  readonly defaultSymbolVisibility: "EXPORT_ALL" | "EXPORT_TOP_LEVEL" | "LOCAL_ALL" | "STRICT";
  /** Of `(pb.cpp)` and `(pb.java)`, which rules of compatibility look at. */
  readonly cppStringType: "STRING" | "CORD" | "VIEW";
  readonly javaUtf8Validation: "DEFAULT" | "VERIFY";
}

export type SyntaxVersion = "proto2" | "proto3" | "2023" | "2024";

const proto2: Features = {
  fieldPresence: "EXPLICIT",
  enumType: "CLOSED",
  repeatedFieldEncoding: "EXPANDED",
  utf8Validation: "NONE",
  messageEncoding: "LENGTH_PREFIXED",
  jsonFormat: "LEGACY_BEST_EFFORT",
  enforceNamingStyle: "STYLE_LEGACY",
  defaultSymbolVisibility: "EXPORT_ALL",
  cppStringType: "STRING",
  javaUtf8Validation: "DEFAULT",
};
const proto3: Features = {
  ...proto2,
  fieldPresence: "IMPLICIT",
  enumType: "OPEN",
  repeatedFieldEncoding: "PACKED",
  utf8Validation: "VERIFY",
  jsonFormat: "ALLOW",
};
const edition2023: Features = { ...proto3, fieldPresence: "EXPLICIT" };
const edition2024: Features = {
  ...edition2023,
  enforceNamingStyle: "STYLE2024",
  defaultSymbolVisibility: "EXPORT_TOP_LEVEL",
  cppStringType: "VIEW",
};

/** What holds in a file that sets no feature. */
export const defaultFeatures: Readonly<Record<SyntaxVersion, Features>> = {
  proto2,
  proto3,
  "2023": edition2023,
  "2024": edition2024,
};

const own: Readonly<Record<string, keyof Features>> = {
  field_presence: "fieldPresence",
  enum_type: "enumType",
  repeated_field_encoding: "repeatedFieldEncoding",
  utf8_validation: "utf8Validation",
  message_encoding: "messageEncoding",
  json_format: "jsonFormat",
  enforce_naming_style: "enforceNamingStyle",
  default_symbol_visibility: "defaultSymbolVisibility",
};

/** The features of an element: those around it, changed by its own `features` options. Without any, the very same object. */
export function featuresWith(outer: Features, options: readonly OptionNode[]): Features {
  let result = outer;
  for (const option of options) {
    const [first, second, third] = option.name;
    if (first === undefined || first.isExtension || first.text !== "features" || option.value === undefined) continue;
    if (second === undefined) result = withLiteral(result, option.value);
    else if (second.isExtension) {
      const language = second.text.replace(/^\./, "");
      if (third === undefined) result = withLanguage(result, language, option.value);
      else result = set(result, languageFeature(language, third.text), option.value);
    } else result = set(result, own[second.text], option.value);
  }
  return result;
}

function withLiteral(features: Features, value: ValueNode): Features {
  if (value.kind !== "message") return features;
  let result = features;
  for (const field of value.fields) {
    if (field.value === undefined) continue;
    if (field.isExtension) result = withLanguage(result, field.name, field.value);
    else result = set(result, own[field.name], field.value);
  }
  return result;
}

function withLanguage(features: Features, language: string, value: ValueNode): Features {
  if (value.kind !== "message") return features;
  let result = features;
  for (const field of value.fields) {
    if (field.value !== undefined) result = set(result, languageFeature(language, field.name), field.value);
  }
  return result;
}

function languageFeature(language: string, name: string): keyof Features | undefined {
  if (language === "pb.cpp" && name === "string_type") return "cppStringType";
  if (language === "pb.java" && name === "utf8_validation") return "javaUtf8Validation";
  return undefined;
}

function set(features: Features, key: keyof Features | undefined, value: ValueNode): Features {
  if (key === undefined || value.kind !== "word" || features[key] === value.text) return features;
  return { ...features, [key]: value.text };
}
