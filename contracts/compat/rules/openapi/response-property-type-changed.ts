import { type DataRule, typesChanged } from "../../data/index.ts";

/** A property of what the provider writes may be of a type that clients do not take. */
export const responsePropertyTypeChanged: DataRule = {
  id: "response-property-type-changed",
  purpose:
    "Checks that no property of a response (or of a webhook's request) gets a type that older clients do not take.",
  why: "Clients built before the change read the property as its old type; a value of another type stops them or is misread.",
  whatToDo: "Keep the type, and add a new property for the new form.",
  about: "written-by-owner",
  check: (pair) =>
    typesChanged(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject} changed its type from ${change.from} to ${change.to}.`,
      consequence: `Clients built before this change read "${change.name}" as ${change.from} and cannot read the new type.`,
      advice: `Keep ${change.from} for "${change.name}", and add a new property for the new form.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
