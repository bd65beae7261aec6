import { type DataRule, becameOptional } from "../../data/index.ts";

/** A property that clients could count on may now be missing from what the provider writes. */
export const responsePropertyBecameOptional: DataRule = {
  id: "response-property-became-optional",
  purpose: "Checks that no required property of a response (or of a webhook's request) becomes optional.",
  why: "Clients built before the change read the property without asking whether it is there; one response without it is enough to stop them.",
  whatToDo: "Keep the property required, or give clients a new property or operation and time to move.",
  about: "written-by-owner",
  check: (pair) =>
    becameOptional(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy ?? "absence",
      message: `The property "${change.path}" of ${pair.message.after.message.subject} is no longer required.`,
      consequence: `Clients built before this change count on "${change.name}" and cannot read messages without it.`,
      advice: `Put "${change.name}" back into "required".`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
