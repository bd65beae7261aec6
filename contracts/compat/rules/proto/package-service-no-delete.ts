import { serviceKind, noDeleteFromPackage } from "./deletions.ts";

/** What a package offered, it still offers, in whichever of its files. */
export const packageServiceNoDelete = noDeleteFromPackage(serviceKind, {
  id: "PACKAGE_SERVICE_NO_DELETE",
  purpose: "Checks that services are not deleted from their package.",
  why: "Services are known by their package and name; where that is gone, whoever uses it has nothing to turn to.",
  advice: "Keep the service in the package, in any of its files, and mark it deprecated.",
});
