import { type DataRule, enumValuesUnknownToReader } from "../../data/index.ts";

/** A property of what the provider writes may have a value that clients do not know. */
export const responsePropertyEnumValueAdded: DataRule = {
  id: "response-property-enum-value-added",
  purpose:
    "Checks that no enum of a response property (or of a webhook's request) gets a value that older clients do not know.",
  why: "Clients that accept only the values they know refuse the response; only clients that keep unknown values apart survive.",
  whatToDo: "Announce the value first, or send it only to clients that asked for it.",
  about: "written-by-owner",
  check: (pair) =>
    enumValuesUnknownToReader(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject} may now be ${change.to}.`,
      consequence: `Clients built before this change do not know ${change.to}; those that accept only known values fail.`,
      advice: `Send ${change.to} only when clients know it, or tell them to keep unknown values apart.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
