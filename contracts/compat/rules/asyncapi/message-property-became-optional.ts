import { type DataRule, becameOptional } from "../../data/index.ts";

/** A property that receivers could count on may now be missing from what the application sends. */
export const messagePropertyBecameOptional: DataRule = {
  id: "message-property-became-optional",
  purpose: "Checks that no required property of a message that the application sends becomes optional.",
  why: "Receivers built before the change read the property without asking whether it is there; one message without it is enough to stop them.",
  whatToDo: "Keep the property required, or give receivers a new message and time to move.",
  about: "written-by-owner",
  check: (pair) =>
    becameOptional(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is sent, is no longer required.`,
      consequence: `Receivers built before this change count on "${change.name}" and cannot read messages without it.`,
      advice: `Put "${change.name}" back into "required".`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
