import { type DataRule, nullTaken } from "../../data/index.ts";

/** A property that clients may send as null is no longer taken so. */
export const requestPropertyBecameNotNullable: DataRule = {
  id: "request-property-became-not-nullable",
  purpose: "Checks that no nullable property of a request (or of a webhook's response) stops taking null.",
  why: "Clients built before the change may send null, as the contract allowed; their requests are now refused.",
  whatToDo: "Keep taking null, and treat it as missing.",
  about: "read-by-owner",
  check: (pair) =>
    nullTaken(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject} may no longer be null.`,
      consequence: `Clients built before this change may send "${change.name}" as null; what they send is now refused.`,
      advice: `Keep taking null for "${change.name}", and treat it as missing.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
