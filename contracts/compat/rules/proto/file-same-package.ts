import type { FileDescriptor } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace } from "./places.ts";

/** A file keeps its package. */
export const fileSamePackage: ProtoRule = {
  id: "FILE_SAME_PACKAGE",
  purpose: "Checks that files keep their package.",
  why: "The package is part of every name in the file: of services on the network, of messages in Any, of generated code.",
  advice: "Keep the package, and add a file with the new one beside it.",
  over: "files",
  check({ before, after }, report) {
    if (before.package === after.package) return;
    report({
      message: `The package of the file changed from "${before.package}" to "${after.package}".`,
      place: placeOf(after),
      previous: placeOf(before),
      sourceConsequence:
        "Everything in the file has another full name: callers of its services and code that uses its types fail.",
    });
  },
};

function placeOf(file: FileDescriptor): Place {
  const node = file.node.package;
  return node === undefined ? filePlace(file) : file.placeOf(node.start, node.end);
}
