import { extensionKind, noDeleteFromFile } from "./deletions.ts";

/** What a file offered, it still offers. */
export const extensionNoDelete = noDeleteFromFile(extensionKind, {
  id: "EXTENSION_NO_DELETE",
  purpose: "Checks that extensions are not deleted from their file.",
  why: "Code generated for a file imports its extensions from there.",
  advice: "Keep the extension where it is and mark it deprecated; delete it with a new version of the package.",
});
