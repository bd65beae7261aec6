import { type DataRule, newRequired } from "../../data/index.ts";

/** The provider insists on something that no client built before knows of. */
export const newRequiredRequestProperty: DataRule = {
  id: "new-required-request-property",
  purpose: "Checks that no new required property is added to a request (or to a webhook's response).",
  why: "Clients built before the change do not know the property and cannot send it; every one of their requests is refused.",
  whatToDo: "Add the property as optional and give the missing case a meaning, or ask for it in a new operation.",
  about: "read-by-owner",
  check: (pair) =>
    newRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The new property "${change.path}" of ${pair.message.after.message.subject} is required.`,
      consequence: `Clients built before this change do not know "${change.name}"; what they send is now refused.`,
      advice: `Remove "${change.name}" from "required" and give its absence a meaning.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
