import type { FieldDescriptor, MessageDescriptor } from "../../../proto/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldPlace, headPlace } from "./places.ts";

/** Nothing becomes required, and nothing required goes. */
export const messageSameRequiredFields: ProtoRule = {
  id: "MESSAGE_SAME_REQUIRED_FIELDS",
  purpose: "Checks that required fields are neither added to a message nor taken from it.",
  why: "A message without a required field cannot be read at all, so both sides must agree on which there are.",
  advice: "Add new fields as optional, and keep required ones.",
  over: "messages",
  check({ before, after }, report) {
    const old = requiredFields(before, after);
    const now = requiredFields(after, before);
    for (const [number, field] of old) {
      if (now.has(number)) continue;
      report({
        message: `Message "${after.name}" no longer has the required field ${number}, "${field.name}".`,
        place: headPlace(after),
        previous: headPlace(before),
        sourceConsequence: "Readers with the old version refuse messages without it.",
        proof: { before, after, number, absent: true },
      });
    }
    for (const [number, field] of now) {
      if (old.has(number)) continue;
      report({
        message: `Message "${after.name}" has a new required field ${number}, "${field.name}".`,
        place: fieldPlace(field),
        sourceConsequence: "Readers with the new version refuse messages without it.",
        proof: { before, after, number, absent: true },
      });
    }
  },
};

/**
 * By their label, and in editions by their feature where the other version has no such field at all (buf is silent on
 * those). A field that both have, and that only one requires by feature, has another cardinality: other rules say so.
 */
function requiredFields(message: MessageDescriptor, other: MessageDescriptor): Map<number, FieldDescriptor> {
  const fields = new Map<number, FieldDescriptor>();
  for (const field of message.fields) {
    const byFeature = field.node.label === "" && field.isRequired && other.fieldByNumber(field.number) === undefined;
    if (field.node.label === "required" || byFeature) fields.set(field.number, field);
  }
  return fields;
}
