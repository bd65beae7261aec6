import { type DataRule, typesChanged } from "../../data/index.ts";

/** A property that clients send is no longer taken as the type that they send. */
export const requestPropertyTypeChanged: DataRule = {
  id: "request-property-type-changed",
  purpose: "Checks that no property of a request (or of a webhook's response) loses a type that older clients send.",
  why: "Clients built before the change send the property as its old type; their requests are now refused.",
  whatToDo: "Take the old type beside the new one, or add a new property.",
  about: "read-by-owner",
  check: (pair) =>
    typesChanged(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject} changed its type from ${change.from} to ${change.to}.`,
      consequence: `Clients built before this change send "${change.name}" as ${change.from}; what they send is now refused.`,
      advice: `Take ${change.from} for "${change.name}" too, or add a new property.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
