import { type DataRule, typesChanged } from "../../data/index.ts";

/** A property of what the application sends may be of a type that receivers do not take. */
export const sentPropertyTypeChanged: DataRule = {
  id: "sent-message-property-type-changed",
  purpose:
    "Checks that no property of a message that the application sends gets a type that older receivers do not take.",
  why: "Receivers built before the change read the property as its old type; a value of another type stops them or is misread.",
  whatToDo: "Keep the type, and add a new property for the new form.",
  about: "written-by-owner",
  check: (pair) =>
    typesChanged(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is sent, changed its type from ${change.from} to ${change.to}.`,
      consequence: `Receivers built before this change read "${change.name}" as ${change.from} and cannot read the new type.`,
      advice: `Keep ${change.from} for "${change.name}", and add a new property for the new form.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
