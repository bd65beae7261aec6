import { optionNode, optionWord, type FieldDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { fieldFeaturePlace } from "./feature-place.ts";
import { optionPlace } from "./places.ts";
import { fieldWords } from "./words.ts";

/** C++ keeps its type for a text. */
export const fieldSameCppStringType: ProtoRule = {
  id: "FIELD_SAME_CPP_STRING_TYPE",
  purpose: "Checks that string and bytes fields keep their type in generated C++.",
  why: "C++ code that uses the field is written for one of std::string, absl::string_view and absl::Cord.",
  advice: `Keep "ctype", or "features.(pb.cpp).string_type", as it was.`,
  over: "fields",
  check({ before, after }, report) {
    if (before.parent?.isMapEntry === true && after.parent?.isMapEntry === true && !before.isExtension) return;
    if (!isText(before) || !isText(after)) return;
    const old = stringType(before);
    const now = stringType(after);
    // A piece of a string may become a string: its accessors stay.
    if (old === now || (old === "STRING_PIECE" && now === "STRING")) return;
    report({
      message: `${fieldWords(after)} changed its C++ string type from ${old} to ${now}.`,
      place: placeOf(after),
      previous: placeOf(before),
      sourceConsequence: "C++ code that uses this field no longer compiles.",
    });
  },
};

function isText(field: FieldDescriptor): boolean {
  return field.type === "string" || field.type === "bytes";
}

function stringType(field: FieldDescriptor): string {
  const ctype = optionWord(field.node.options, "ctype");
  if (field.file.syntax !== "2024" && ctype !== undefined) return ctype;
  return field.features.cppStringType;
}

function placeOf(field: FieldDescriptor): Place {
  const option = optionNode(field.node.options, "ctype");
  if (option !== undefined) return optionPlace(field.file, option);
  return fieldFeaturePlace(field, "string_type", "pb.cpp");
}
