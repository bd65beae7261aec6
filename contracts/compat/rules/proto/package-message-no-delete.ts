import { messageKind, noDeleteFromPackage } from "./deletions.ts";

/** What a package offered, it still offers, in whichever of its files. */
export const packageMessageNoDelete = noDeleteFromPackage(messageKind, {
  id: "PACKAGE_MESSAGE_NO_DELETE",
  purpose: "Checks that messages are not deleted from their package.",
  why: "Messages are known by their package and name; where that is gone, whoever uses it has nothing to turn to.",
  advice: "Keep the message in the package, in any of its files, and mark it deprecated.",
});
