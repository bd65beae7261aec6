import { type DataRule, becameRequired } from "../../data/index.ts";

/** What clients were free to leave out, the provider now insists on. */
export const requestPropertyBecameRequired: DataRule = {
  id: "request-property-became-required",
  purpose: "Checks that no optional property of a request (or of a webhook's response) becomes required.",
  why: "Clients built before the change may leave the property out, as the contract allowed; their requests are now refused.",
  whatToDo: "Keep the property optional and give the missing case a meaning, or ask for it in a new operation.",
  about: "read-by-owner",
  check: (pair) =>
    becameRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The property "${change.path}" of ${pair.message.after.message.subject} became required.`,
      consequence: `Clients built before this change may leave "${change.name}" out; what they send is now refused.`,
      advice: `Remove "${change.name}" from "required" and give its absence a meaning.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
