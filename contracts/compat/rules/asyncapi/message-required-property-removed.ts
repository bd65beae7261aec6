import { type DataRule, removedRequired } from "../../data/index.ts";

/** A property that receivers could count on is gone from what the application sends. */
export const messageRequiredPropertyRemoved: DataRule = {
  id: "message-required-property-removed",
  purpose: "Checks that no required property is removed from a message that the application sends.",
  why: "Receivers built before the change read the property without asking whether it is there; messages without it end in errors or dead-letter queues.",
  whatToDo: "Keep sending the property until no receiver reads it. Mark it as deprecated meanwhile.",
  about: "written-by-owner",
  check: (pair) =>
    removedRequired(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The required property "${change.path}" is removed from ${pair.message.after.message.subject}, which is sent.`,
      consequence: `Receivers built before this change count on "${change.name}" and cannot read messages ${change.shownBy === undefined ? "without it" : "in which it may be anything"}.`,
      advice: `Keep "${change.name}" until no receiver reads it, and mark it as deprecated meanwhile.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
