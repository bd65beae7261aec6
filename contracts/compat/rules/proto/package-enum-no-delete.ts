import { enumKind, noDeleteFromPackage } from "./deletions.ts";

/** What a package offered, it still offers, in whichever of its files. */
export const packageEnumNoDelete = noDeleteFromPackage(enumKind, {
  id: "PACKAGE_ENUM_NO_DELETE",
  purpose: "Checks that enums are not deleted from their package.",
  why: "Enums are known by their package and name; where that is gone, whoever uses it has nothing to turn to.",
  advice: "Keep the enum in the package, in any of its files, and mark it deprecated.",
});
