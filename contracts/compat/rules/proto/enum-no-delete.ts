import { enumKind, noDeleteFromFile } from "./deletions.ts";

/** What a file offered, it still offers. */
export const enumNoDelete = noDeleteFromFile(enumKind, {
  id: "ENUM_NO_DELETE",
  purpose: "Checks that enums are not deleted from their file.",
  why: "Code generated for a file imports its enums from there.",
  advice: "Keep the enum where it is and mark it deprecated; delete it with a new version of the package.",
});
