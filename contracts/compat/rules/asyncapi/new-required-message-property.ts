import { type DataRule, newRequired } from "../../data/index.ts";

/** The application insists on something that no sender built before knows of. */
export const newRequiredMessageProperty: DataRule = {
  id: "new-required-message-property",
  purpose: "Checks that no new required property is added to a message that the application receives.",
  why: "Senders built before the change do not know the property, and messages they sent may still wait in a topic or queue; the application refuses every one of them.",
  whatToDo:
    "Add the property as optional and give the missing case a meaning, or receive a new message beside the old one.",
  about: "read-by-owner",
  check: (pair) =>
    newRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The new property "${change.path}" of ${pair.message.after.message.subject}, which is received, is required.`,
      consequence: `Senders built before this change do not know "${change.name}"; this application refuses their messages, also those that still wait.`,
      advice: `Remove "${change.name}" from "required" and give its absence a meaning.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
