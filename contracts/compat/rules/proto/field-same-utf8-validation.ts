import type { ProtoRule } from "../../proto-rule.ts";
import { fieldFeaturePlace } from "./feature-place.ts";
import { proofOf } from "./proofs.ts";
import { fieldWords } from "./words.ts";

/** Texts are checked to be UTF-8, or are not, as before. */
export const fieldSameUtf8Validation: ProtoRule = {
  id: "FIELD_SAME_UTF8_VALIDATION",
  purpose: "Checks that string fields keep whether their bytes must be UTF-8.",
  why: "A reader that verifies refuses the whole message for a text that a writer who does not verify could send.",
  advice: `Keep the syntax of the file, or set "features.utf8_validation" to what held before.`,
  over: "fields",
  check(pair, report) {
    const { before, after } = pair;
    if (before.type !== "string" || after.type !== "string") return;
    const old = before.features.utf8Validation;
    const now = after.features.utf8Validation;
    if (old === now) return;
    report({
      message: `${fieldWords(after)} changed its UTF-8 validation from ${old} to ${now}.`,
      place: fieldFeaturePlace(after, "utf8_validation"),
      previous: fieldFeaturePlace(before, "utf8_validation"),
      sourceConsequence: "Generated code checks texts in another way.",
      ...proofOf(pair),
    });
  },
};
