import { optionNode, optionWord, type FieldDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldFeaturePlace } from "./feature-place.ts";
import { optionPlace } from "./places.ts";
import { fieldWords } from "./words.ts";

const legacy = "java_string_check_utf8";

/** Generated Java checks texts to be UTF-8, or does not, as before. */
export const fieldSameJavaUtf8Validation: ProtoRule = {
  id: "FIELD_SAME_JAVA_UTF8_VALIDATION",
  purpose: "Checks that string fields keep whether generated Java verifies that their bytes are UTF-8.",
  why: "Java code that verifies refuses a message for a text that other code lets through.",
  advice: `Keep "${legacy}", or set "features.(pb.java).utf8_validation" to what held before.`,
  over: "fields",
  check({ before, after }, report) {
    if (before.type !== "string" || after.type !== "string") return;
    const old = validation(before);
    const now = validation(after);
    if (old === now) return;
    report({
      message: `${fieldWords(after)} changed its UTF-8 validation in Java from ${old} to ${now}.`,
      place: placeOf(after),
      previous: placeOf(before),
      sourceConsequence: "Generated Java checks texts in another way.",
    });
  },
};

function validation(field: FieldDescriptor): string {
  const fallback = field.features.utf8Validation;
  const option = optionWord(field.file.node.options, legacy);
  if (!field.file.isEditions || option !== undefined) return option === "true" ? "VERIFY" : fallback;
  return field.features.javaUtf8Validation === "VERIFY" ? "VERIFY" : fallback;
}

function placeOf(field: FieldDescriptor): Place {
  const option = optionNode(field.file.node.options, legacy);
  if (option !== undefined) return optionPlace(field.file, option);
  return fieldFeaturePlace(field, "utf8_validation", "pb.java");
}
