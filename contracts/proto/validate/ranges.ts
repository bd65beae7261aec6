/** Reserved and extension ranges, and reserved names, of messages and enums. */
import type { RangeNode, ReservedNameNode } from "../ast.ts";
import { problemIn, type EnumDescriptor, type MessageDescriptor } from "../descriptors.ts";
import { maxEnumNumber } from "../parse-enums.ts";
import { maxFieldNumber } from "../parse-messages.ts";
import type { ValidationContext } from "./context.ts";

/** The numbers of extensions of a message set go to the end of int32. */
const maxMessageSetNumber = 2_147_483_646;

export function checkMessageRanges(
  context: ValidationContext,
  message: MessageDescriptor,
  isMessageSet: boolean,
): void {
  const { reservedRanges, extensionRanges, reservedNames } = message.node;
  const checker = new RangeChecker(context, message);
  checker.bounds(reservedRanges, 1, maxFieldNumber);
  checker.bounds(extensionRanges, 1, isMessageSet ? maxMessageSetNumber : maxFieldNumber);
  checker.overlaps(reservedRanges, reservedRanges, "reserved range", "reserved range");
  checker.overlaps(extensionRanges, extensionRanges, "extension range", "extension range");
  checker.overlaps(extensionRanges, reservedRanges, "extension range", "reserved range");
  checker.names(reservedNames);
}

export function checkEnumRanges(context: ValidationContext, enumeration: EnumDescriptor): void {
  const { reservedRanges, reservedNames } = enumeration.node;
  const checker = new RangeChecker(context, enumeration);
  checker.bounds(reservedRanges, -maxEnumNumber - 1, maxEnumNumber);
  checker.overlaps(reservedRanges, reservedRanges, "reserved range", "reserved range");
  checker.names(reservedNames);
}

class RangeChecker {
  private readonly context: ValidationContext;
  private readonly element: MessageDescriptor | EnumDescriptor;

  constructor(context: ValidationContext, element: MessageDescriptor | EnumDescriptor) {
    this.context = context;
    this.element = element;
  }

  bounds(ranges: readonly RangeNode[], low: number, high: number): void {
    for (const range of ranges) {
      const fromFits = range.from >= low && range.from <= high;
      const toFits = range.isMax || (range.to >= low && range.to <= high);
      if (!fromFits)
        this.report(
          range.fromStart,
          range.fromEnd,
          `${range.from} is out of range: numbers go from ${low} to ${high}.`,
        );
      else if (!toFits)
        this.report(range.toStart, range.toEnd, `${range.to} is out of range: numbers go from ${low} to ${high}.`);
      else if (range.from > range.to)
        this.report(range.start, range.end, `The range ends before it starts. Write "${range.to} to ${range.from}".`);
    }
  }

  /** Each of `ranges` that shares a number with one of `others` that stands before it. */
  overlaps(ranges: readonly RangeNode[], others: readonly RangeNode[], kind: string, otherKind: string): void {
    if (ranges.length === 0 || others.length === 0) return;
    const all = [
      ...ranges.map((range) => ({ range, mine: true })),
      ...(ranges === others ? [] : others.map((range) => ({ range, mine: false }))),
    ];
    all.sort((a, b) => a.range.from - b.range.from);
    for (const [index, current] of all.entries()) {
      const next = all[index + 1];
      if (next === undefined || next.range.from > current.range.to || (ranges !== others && next.mine === current.mine))
        continue;
      const later = next.range.start > current.range.start ? next.range : current.range;
      const words =
        ranges === others
          ? `This ${kind} overlaps another.`
          : `This range overlaps: the same numbers are in a ${kind} and in a ${otherKind}.`;
      this.report(later.start, later.end, `${words} Give each number to one of them.`);
    }
  }

  names(names: readonly ReservedNameNode[]): void {
    const seen = new Set<string>();
    const { isEditions } = this.element.file;
    for (const node of names) {
      if (isEditions && node.quoted)
        this.report(node.start, node.end, `Editions reserve names without quotes. Write ${node.name} instead.`);
      else if (!isEditions && !node.quoted)
        this.report(node.start, node.end, `Names are reserved in quotes here. Write "${node.name}" instead.`);
      else if (!/^[A-Za-z_]\w*$/.test(node.name))
        this.report(node.start, node.end, `"${node.name}" can be no name, so there is nothing to reserve.`);
      if (seen.has(node.name))
        this.report(node.start, node.end, `"${node.name}" is already reserved. Remove one of the two.`);
      seen.add(node.name);
    }
  }

  private report(start: number, end: number, message: string): void {
    this.context.problems.push(problemIn(this.element.file, start, end, "proto-reserved", message));
  }
}
