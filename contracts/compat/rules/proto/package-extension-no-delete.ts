import { extensionKind, noDeleteFromPackage } from "./deletions.ts";

/** What a package offered, it still offers, in whichever of its files. */
export const packageExtensionNoDelete = noDeleteFromPackage(extensionKind, {
  id: "PACKAGE_EXTENSION_NO_DELETE",
  purpose: "Checks that extensions are not deleted from their package.",
  why: "Extensions are known by their package and name; where that is gone, whoever uses it has nothing to turn to.",
  advice: "Keep the extension in the package, in any of its files, and mark it deprecated.",
});
