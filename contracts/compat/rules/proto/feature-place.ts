/** Where a feature of editions is set on an element itself. */
import type { FieldDescriptor, FileDescriptor, OptionNode } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import { fieldPlace, isMapPart, optionPlace } from "./places.ts";

/** Where a field sets a feature; else the field itself. */
export function fieldFeaturePlace(field: FieldDescriptor, name: string, language?: string): Place {
  const place = isMapPart(field) ? undefined : featurePlace(field.file, field.node.options, name, language);
  return place ?? fieldPlace(field);
}

/** The option, or the field of a `features` literal, that sets `name`; for a language's feature `(pb.cpp)` and its name. */
export function featurePlace(
  file: FileDescriptor,
  options: readonly OptionNode[],
  name: string,
  language?: string,
): Place | undefined {
  for (const option of options) {
    const [first, second, third] = option.name;
    if (first === undefined || first.isExtension || first.text !== "features") continue;
    if (language === undefined) {
      if (option.name.length === 2 && second !== undefined && !second.isExtension && second.text === name)
        return optionPlace(file, option);
      if (option.name.length === 1) {
        const place = literalPlace(file, option.value, name);
        if (place !== undefined) return place;
      }
    } else if (second?.isExtension === true && second.text.replace(/^\./, "") === language && third?.text === name) {
      return optionPlace(file, option);
    }
  }
  return undefined;
}

function literalPlace(file: FileDescriptor, value: OptionNode["value"], name: string): Place | undefined {
  if (value?.kind !== "message") return undefined;
  const field = value.fields.find((candidate) => candidate.name === name && !candidate.isExtension);
  return field === undefined ? undefined : file.placeOf(field.start, field.end);
}
