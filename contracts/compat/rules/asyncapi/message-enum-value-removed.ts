import { type DataRule, enumValuesUnknownToReader } from "../../data/index.ts";

/** A value that senders may write is no longer taken. */
export const messageEnumValueRemoved: DataRule = {
  id: "message-enum-value-removed",
  purpose: "Checks that no enum of a message that the application receives loses a value that older senders may write.",
  why: "Senders built before the change may write the value, and messages they sent may still wait; the application refuses them.",
  whatToDo: "Keep taking the value, and treat it as the one that replaces it.",
  about: "read-by-owner",
  check: (pair) =>
    enumValuesUnknownToReader(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is received, may no longer be ${change.from}.`,
      consequence: `Senders built before this change may write ${change.from}; this application refuses their messages, also those that still wait.`,
      advice: `Keep taking ${change.from} for "${change.name}".`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
