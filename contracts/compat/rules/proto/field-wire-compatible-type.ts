import type { ProtoRule } from "../../proto-rule.ts";
import { changedTypeDraft, hasUnknownType, isGrownEnum, sameTypeName, unknownTypeDraft } from "./field-types.ts";
import { kindOf } from "./words.ts";

/** Kinds whose bytes are taken alike, as protobuf's guide to updating messages has them. */
const groups: ReadonlyArray<readonly string[]> = [
  ["int32", "int64", "uint32", "uint64", "bool"],
  ["sint32", "sint64"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
];

/** A type may change to one whose bytes are read alike. */
export const fieldWireCompatibleType: ProtoRule = {
  id: "FIELD_WIRE_COMPATIBLE_TYPE",
  purpose: "Checks that fields keep a type whose bytes are read alike.",
  why: "Bytes do not say which type wrote them: a reader with another one loses or garbles the value.",
  advice: "Keep the field as it was, and add a new field with a new number for the new type.",
  over: "fields",
  check(pair, report) {
    if (hasUnknownType(pair)) {
      const draft = unknownTypeDraft(pair);
      if (draft !== undefined) report(draft);
      return;
    }
    const old = kindOf(pair.before);
    const now = kindOf(pair.after);
    if (old !== now) {
      const compatible =
        groups.some((group) => group.includes(old) && group.includes(now)) || (old === "string" && now === "bytes");
      if (!compatible) report(changedTypeDraft(pair));
    } else if (!sameTypeName(pair) && !isGrownEnum(pair)) {
      report(changedTypeDraft(pair));
    }
  },
};
