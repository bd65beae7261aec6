import { messageKind, noDeleteFromFile } from "./deletions.ts";

/** What a file offered, it still offers. */
export const messageNoDelete = noDeleteFromFile(messageKind, {
  id: "MESSAGE_NO_DELETE",
  purpose: "Checks that messages are not deleted from their file.",
  why: "Code generated for a file imports its messages from there, and other files import the file for them.",
  advice: "Keep the message where it is and mark it deprecated; delete it with a new version of the package.",
});
