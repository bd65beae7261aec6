import { type DataRule, enumValuesUnknownToReader } from "../../data/index.ts";

/** A value that clients may send is no longer taken. */
export const requestPropertyEnumValueRemoved: DataRule = {
  id: "request-property-enum-value-removed",
  purpose:
    "Checks that no enum of a request property (or of a webhook's response) loses a value that older clients may send.",
  why: "Clients built before the change may send the value, as the contract allowed; their requests are now refused.",
  whatToDo: "Keep taking the value, and treat it as the one that replaces it.",
  about: "read-by-owner",
  check: (pair) =>
    enumValuesUnknownToReader(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject} may no longer be ${change.from}.`,
      consequence: `Clients built before this change may send ${change.from}; what they send is now refused.`,
      advice: `Keep taking ${change.from} for "${change.name}".`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
