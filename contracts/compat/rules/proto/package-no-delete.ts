import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace } from "./places.ts";

/** A package stays as long as anyone may use it. */
export const packageNoDelete: ProtoRule = {
  id: "PACKAGE_NO_DELETE",
  purpose: "Checks that packages are not deleted.",
  why: "Everything in it is known by its name: messages in Any, services on the network, generated code.",
  advice: "Keep the package; offer a new version of it beside the old one.",
  over: "modules",
  check({ before, after }, report) {
    const kept = new Set(after.map((file) => file.package));
    const gone = new Set<string>();
    for (const file of [...before].sort((a, b) => (a.importPath < b.importPath ? -1 : 1))) {
      if (kept.has(file.package) || gone.has(file.package)) continue;
      gone.add(file.package);
      report({
        message: `Package "${file.package}" was deleted.`,
        place:
          file.node.package === undefined
            ? filePlace(file)
            : file.placeOf(file.node.package.nameStart, file.node.package.nameEnd),
        placeVersion: "before",
        sourceConsequence: "Everything in the package is gone for those who use it.",
      });
    }
  },
};
