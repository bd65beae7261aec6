import { serviceKind, noDeleteFromFile } from "./deletions.ts";

/** What a file offered, it still offers. */
export const serviceNoDelete = noDeleteFromFile(serviceKind, {
  id: "SERVICE_NO_DELETE",
  purpose: "Checks that services are not deleted from their file.",
  why: "Clients call a service by its name, and code is generated for it in this file.",
  advice: "Keep the service where it is and mark it deprecated; delete it with a new version of the package.",
});
