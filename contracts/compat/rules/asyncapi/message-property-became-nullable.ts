import { type DataRule, nullTaken } from "../../data/index.ts";

/** A property of what the application sends may now be null. */
export const messagePropertyBecameNullable: DataRule = {
  id: "message-property-became-nullable",
  purpose: "Checks that no property of a message that the application sends becomes nullable.",
  why: "Receivers built before the change use the value without asking whether it is null.",
  whatToDo: "Leave the property out instead, where it is optional, or keep a value that stands for nothing.",
  about: "written-by-owner",
  check: (pair) =>
    nullTaken(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is sent, may now be null.`,
      consequence: `Receivers built before this change use "${change.name}" without asking whether it is null.`,
      advice: `Keep "${change.name}" from being null, or leave it out where it is optional.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
