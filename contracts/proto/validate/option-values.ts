/** Single values against the types that take them. */
import type { ValueNode } from "../ast.ts";
import type { EnumDescriptor, FieldType } from "../descriptors.ts";

const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** What is wrong with a value for a type, or undefined. In message literals some types take more forms. */
export function checkScalar(
  type: FieldType,
  enumeration: EnumDescriptor | undefined,
  value: ValueNode,
  inLiteral: boolean,
): string | undefined {
  if (value.kind === "message" || value.kind === "list") return "A single value is expected here.";
  switch (type) {
    case "bool":
      return isBool(value, inLiteral) ? undefined : "Expected true or false.";
    case "string":
    case "bytes":
      return value.kind === "string" ? undefined : "Expected a text in quotes.";
    case "enum":
      return checkEnum(enumeration, value, inLiteral);
    case "double":
    case "float":
      return isFloat(value, inLiteral) ? undefined : "Expected a number.";
    case "unknown":
    case "message":
    case "group":
      return undefined;
    default:
      return checkInteger(type, value);
  }
}

function isBool(value: ValueNode, inLiteral: boolean): boolean {
  if (value.kind === "word") {
    return (
      value.text === "true" || value.text === "false" || (inLiteral && ["t", "f", "True", "False"].includes(value.text))
    );
  }
  return inLiteral && value.kind === "int" && !value.negative && (value.text === "0" || value.text === "1");
}

function isFloat(value: ValueNode, inLiteral: boolean): boolean {
  if (value.kind === "int" || value.kind === "float") return true;
  if (value.kind !== "word") return false;
  const word = inLiteral ? value.text.toLowerCase() : value.text;
  return word === "inf" || word === "nan" || (inLiteral && word === "infinity");
}

function checkInteger(type: string, value: ValueNode): string | undefined {
  if (value.kind !== "int") return "Expected a whole number.";
  const unsigned = type.startsWith("u") || type === "fixed32" || type === "fixed64";
  const [low, high] = ranges[`${unsigned ? "u" : ""}int${type.endsWith("64") ? "64" : "32"}`] ?? [0n, 0n];
  const number = bigValue(value);
  if (number < low || number > high) return `${number} does not fit ${type}, which goes from ${low} to ${high}.`;
  return undefined;
}

function checkEnum(enumeration: EnumDescriptor | undefined, value: ValueNode, inLiteral: boolean): string | undefined {
  if (enumeration === undefined) return undefined;
  if (value.kind === "word" && !value.negative) {
    if (enumeration.values.some((known) => known.name === value.text)) return undefined;
    return `"${enumeration.fullName}" has no value "${value.text}".`;
  }
  if (!inLiteral || value.kind !== "int") return `Expected the name of a value of "${enumeration.fullName}".`;
  const number = bigValue(value);
  if (number < -(2n ** 31n) || number > 2n ** 31n - 1n) return `${number} does not fit an enum.`;
  if (enumeration.isClosed && !enumeration.values.some((known) => BigInt(known.number) === number)) {
    return `"${enumeration.fullName}" has no value with the number ${number}.`;
  }
  return undefined;
}

/** The value of an integer node. */
export function bigValue(value: ValueNode): bigint {
  if (value.kind !== "int") return 0n;
  const { text } = value;
  let number = 0n;
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) number = BigInt(text.toLowerCase());
  else if (/^0[0-7]+$/.test(text)) number = BigInt(`0o${text.slice(1)}`);
  else if (/^\d+$/.test(text)) number = BigInt(text);
  return value.negative ? -number : number;
}
