import type { ProtoRule } from "../../proto-rule.ts";
import { filePlace } from "./places.ts";

/** A file stays where others import it. */
export const fileNoDelete: ProtoRule = {
  id: "FILE_NO_DELETE",
  purpose: "Checks that files are not deleted, renamed or moved.",
  why: "Other files import it by its path, and generated code is named after it.",
  advice: "Keep the file; when its content moves, let it import the new file publicly.",
  over: "modules",
  check({ before, after }, report) {
    const kept = new Set(after.map((file) => file.importPath));
    for (const file of before) {
      if (kept.has(file.importPath)) continue;
      report({
        message: `File "${file.importPath}" was deleted.`,
        place: filePlace(file),
        placeVersion: "before",
        sourceConsequence: "Files that import it no longer compile, and code generated from it is gone.",
      });
    }
  },
};
