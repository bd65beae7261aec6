import { type DataRule, removedRequired } from "../../data/index.ts";

/** A property that clients could count on is gone from what the provider writes. */
export const responseRequiredPropertyRemoved: DataRule = {
  id: "response-required-property-removed",
  purpose: "Checks that no required property is removed from a response (or from a webhook's request).",
  why: "Clients built before the change read the property without asking whether it is there; validating clients refuse the whole response.",
  whatToDo: "Keep the property until no client reads it. Mark it as deprecated meanwhile.",
  about: "written-by-owner",
  check: (pair) =>
    removedRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The required property "${change.path}" is removed from ${pair.message.after.message.subject}.`,
      consequence: `Clients built before this change count on "${change.name}" and cannot read messages ${change.shownBy === undefined ? "without it" : "in which it may be anything"}.`,
      advice: `Keep "${change.name}" until no client reads it, and mark it as deprecated meanwhile.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
