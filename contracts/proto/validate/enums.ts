/** One enum: its values among each other, and what its version of the language asks. */
import { optionNode, problemIn, type EnumDescriptor, type EnumValueDescriptor } from "../descriptors.ts";
import { maxEnumNumber } from "../parse-enums.ts";
import type { ValidationContext } from "./context.ts";
import { checkEnumRanges } from "./ranges.ts";

export function checkEnum(context: ValidationContext, enumeration: EnumDescriptor): void {
  const { file, node } = enumeration;
  const report = (start: number, end: number, code: string, message: string): void => {
    context.problems.push(problemIn(file, start, end, code, message));
  };
  const [first] = enumeration.values;
  if (first === undefined) {
    report(
      node.start,
      Math.max(node.nameStart + node.name.length, node.start),
      "proto-empty-enum",
      `Enum "${node.name}" has no values. Add one with the number 0.`,
    );
  } else if (!enumeration.isClosed && first.number !== 0 && !Number.isNaN(first.number)) {
    const { span } = numberSpan(first);
    report(
      span.start,
      span.end,
      "proto-enum-zero",
      `The first value of an open enum has the number 0. Add one such as "${shout(node.name)}_UNSPECIFIED = 0;".`,
    );
  }
  checkNumbers(context, enumeration);
  checkEnumRanges(context, enumeration);
}

function checkNumbers(context: ValidationContext, enumeration: EnumDescriptor): void {
  const { file, node } = enumeration;
  const report = (start: number, end: number, code: string, message: string): void => {
    context.problems.push(problemIn(file, start, end, code, message));
  };
  const seen = new Map<number, EnumValueDescriptor>();
  const reservedNames = new Set(node.reservedNames.map((reserved) => reserved.name));
  let hasAlias = false;
  for (const value of enumeration.values) {
    const { number } = value;
    if (Number.isNaN(number)) continue;
    const { span } = numberSpan(value);
    if (number < -maxEnumNumber - 1 || number > maxEnumNumber) {
      report(
        span.start,
        span.end,
        "proto-number-range",
        `${number} is out of range: values go from ${-maxEnumNumber - 1} to ${maxEnumNumber}.`,
      );
    }
    const other = seen.get(number);
    if (other === undefined) seen.set(number, value);
    else {
      hasAlias = true;
      if (!enumeration.allowsAlias) {
        report(
          span.start,
          span.end,
          "proto-duplicate-number",
          `"${value.name}" and "${other.name}" both have the number ${number}. Where that is meant, set: option allow_alias = true;`,
        );
      }
    }
    if (node.reservedRanges.some((range) => range.from <= number && number <= range.to)) {
      report(
        span.start,
        span.end,
        "proto-reserved-use",
        `The number ${number} of "${value.name}" is reserved. Use another one.`,
      );
    }
    if (reservedNames.has(value.name)) {
      report(
        value.node.nameStart,
        value.node.nameStart + value.name.length,
        "proto-reserved-use",
        `The name "${value.name}" is reserved. Use another one.`,
      );
    }
  }
  const alias = optionNode(node.options, "allow_alias");
  if (alias !== undefined && enumeration.allowsAlias && !hasAlias) {
    report(
      alias.start,
      alias.end,
      "proto-allow-alias",
      `No number of "${node.name}" is used twice. Remove "allow_alias".`,
    );
  }
}

function numberSpan(value: EnumValueDescriptor): { span: { start: number; end: number } } {
  return { span: { start: value.node.numberStart, end: value.node.numberEnd } };
}

/** `OrderStatus` -> `ORDER_STATUS`. */
function shout(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}
