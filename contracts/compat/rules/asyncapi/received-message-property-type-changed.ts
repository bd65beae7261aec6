import { type DataRule, typesChanged } from "../../data/index.ts";

/** A property that senders write is no longer taken as the type that they write. */
export const receivedPropertyTypeChanged: DataRule = {
  id: "received-message-property-type-changed",
  purpose: "Checks that no property of a message that the application receives loses a type that older senders write.",
  why: "Senders built before the change write the property as its old type, and messages they sent may still wait; the application refuses them.",
  whatToDo: "Take the old type beside the new one, or add a new property.",
  about: "read-by-owner",
  check: (pair) =>
    typesChanged(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is received, changed its type from ${change.from} to ${change.to}.`,
      consequence: `Senders built before this change write "${change.name}" as ${change.from}; this application refuses their messages, also those that still wait.`,
      advice: `Take ${change.from} for "${change.name}" too, or add a new property.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
