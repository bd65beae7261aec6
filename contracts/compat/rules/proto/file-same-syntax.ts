import type { FileDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace } from "./places.ts";

/** A file stays proto2, proto3 or editions. */
export const fileSameSyntax: ProtoRule = {
  id: "FILE_SAME_SYNTAX",
  purpose: "Checks that files keep their syntax: proto2, proto3, or editions.",
  why: "The syntax decides on presence, enums, packing and the shape of generated code.",
  advice: "Keep the syntax; use another one for new files.",
  over: "files",
  check({ before, after }, report) {
    const old = syntaxOf(before);
    const now = syntaxOf(after);
    if (old === now) return;
    report({
      message: `The syntax of the file changed from ${old} to ${now}.`,
      place: placeOf(after),
      previous: placeOf(before),
      sourceConsequence: "Generated code has another shape, and fields may have other presence and packing.",
    });
  },
};

function syntaxOf(file: FileDescriptor): string {
  return file.isEditions ? "editions" : file.syntax;
}

function placeOf(file: FileDescriptor): Place {
  const node = file.node.syntax;
  return node === undefined ? filePlace(file) : file.placeOf(node.start, node.end);
}
