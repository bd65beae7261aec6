import { type DataRule, nullTaken } from "../../data/index.ts";

/** A property that senders may write as null is no longer taken so. */
export const messagePropertyBecameNotNullable: DataRule = {
  id: "message-property-became-not-nullable",
  purpose: "Checks that no nullable property of a message that the application receives stops taking null.",
  why: "Senders built before the change may write null, and messages they sent may still wait; the application refuses them.",
  whatToDo: "Keep taking null, and treat it as missing.",
  about: "read-by-owner",
  check: (pair) =>
    nullTaken(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is received, may no longer be null.`,
      consequence: `Senders built before this change may write "${change.name}" as null; this application refuses their messages, also those that still wait.`,
      advice: `Keep taking null for "${change.name}", and treat it as missing.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
