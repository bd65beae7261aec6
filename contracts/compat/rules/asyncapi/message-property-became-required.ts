import { type DataRule, becameRequired } from "../../data/index.ts";

/** What senders were free to leave out, the application now insists on. */
export const messagePropertyBecameRequired: DataRule = {
  id: "message-property-became-required",
  purpose: "Checks that no optional property of a message that the application receives becomes required.",
  why: "Senders built before the change may leave the property out, and messages they sent may still wait in a topic or queue; the application now refuses them.",
  whatToDo:
    "Keep the property optional and give the missing case a meaning, or receive a new message beside the old one.",
  about: "read-by-owner",
  check: (pair) =>
    becameRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is received, became required.`,
      consequence: `Senders built before this change may leave "${change.name}" out; this application then refuses their messages, also those that still wait.`,
      advice: `Remove "${change.name}" from "required" and give its absence a meaning.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
